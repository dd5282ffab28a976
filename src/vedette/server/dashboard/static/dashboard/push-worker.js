// The service worker: shows what the server pushes, and opens it when it is pressed.

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("push", (event) => {
  let said = {};
  try { said = event.data?.json() ?? {}; } catch { said = { title: event.data?.text() }; }
  event.waitUntil(show(said));
});

// An update has the tag of what it replaces, and makes no noise.
function show(said) {
  return registration.showNotification(said.title || "Vedette", {
    body: said.body || "",
    tag: said.tag,
    renotify: Boolean(said.tag) && !said.again && said.revision === 1,
    silent: Boolean(said.again),
    requireInteraction: Boolean(said.urgent),
    image: said.picture || undefined,
    icon: "/static/dashboard/icon.svg",
    data: { url: said.url || "/alerts", snooze: said.snooze || "" },
    actions: said.snooze ? [{ action: "snooze", title: "Snooze" }] : [],
  });
}

addEventListener("notificationclick", (event) => {
  const { url, snooze } = event.notification.data ?? {};
  event.notification.close();
  event.waitUntil(open(event.action === "snooze" ? snooze : url));
});

async function open(path) {
  const address = new URL(path || "/alerts", location.origin);
  if (address.origin !== location.origin) return;
  for (const client of await clients.matchAll({ type: "window" })) {
    if (client.url === address.href) return client.focus();
  }
  return clients.openWindow(address.href);
}
