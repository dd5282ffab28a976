// Tells the server the browser's time zone, so that pages come with the viewer's times and days.

const NAME = "vedette_zone";

function stored() {
  const found = document.cookie.split("; ").find((part) => part.startsWith(`${NAME}=`));
  return found ? found.slice(NAME.length + 1) : "";
}

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
if (stored() !== zone) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${NAME}=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  const shown = document.documentElement.dataset.zone;
  // Where cookies are refused the page stays as it is, in UTC.
  if (shown && shown !== zone && stored() === zone) location.replace(location.href);
}
