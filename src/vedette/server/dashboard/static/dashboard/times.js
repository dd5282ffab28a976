// Times as the viewer reads them; seconds since the epoch throughout.

const zone = document.documentElement.dataset.zone || "UTC";
const clockFormat = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeStyle: "medium" });

export const clock = (seconds) => clockFormat.format(seconds * 1000);

export const iso = (seconds) => new Date(seconds * 1000).toISOString();

export const now = () => Date.now() / 1000;
