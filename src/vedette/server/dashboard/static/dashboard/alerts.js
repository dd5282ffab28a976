// The page of alerts: keeps itself fresh, and connects this browser to web push.

import { ask, follow, put } from "./live.js";
import { bytes, called, csrf } from "./push.js";

const refresh = async () => { const page = await ask(); if (page) put(page); };
follow({ kinds: ["arming", "alert"], everyS: 10, refresh });

const button = document.getElementById("connect");
const words = document.getElementById("browser-words");

function say(text) { words.textContent = text; }

function offer(connected) {
  button.disabled = false;
  button.textContent = connected ? "Stop telling me here" : "Tell me in this browser";
  button.classList.toggle("plain", connected);
  button.dataset.connected = connected ? "yes" : "";
  say(connected ? "This browser is told." : "");
}

async function begin() {
  if (!isSecureContext) return say("Browsers can be told only over HTTPS, or on the machine itself.");
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) {
    return say("This browser cannot be told. On an iPhone, add Vedette to the home screen first.");
  }
  const registration = await navigator.serviceWorker.register("/push-worker.js", { scope: "/" });
  offer(Boolean(await registration.pushManager.getSubscription()));
}

async function connect() {
  if (await Notification.requestPermission() !== "granted") {
    return say("The browser does not allow it. Allow notifications for this page in its settings.");
  }
  const { key } = await (await fetch(document.getElementById("browser").dataset.keyAddress)).json();
  const registration = await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: bytes(key) };
  const subscription = await registration.pushManager.subscribe(options);
  const { endpoint, keys } = subscription.toJSON();
  const browser = called(navigator.userAgent);
  const answer = await send("POST", { endpoint, keys, browser, name: `${browser} of ${owner()}` });
  if (!answer.ok) {
    await subscription.unsubscribe();
    return say((await answer.json()).error);
  }
  offer(true);
  await refresh();
}

async function disconnect() {
  const registration = await navigator.serviceWorker.ready;
  const subscription = await registration.pushManager.getSubscription();
  if (subscription) {
    await send("DELETE", { endpoint: subscription.endpoint });
    await subscription.unsubscribe();
  }
  offer(false);
  await refresh();
}

const owner = () => document.querySelector(".who")?.textContent || "me";

function send(method, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrf() };
  return fetch("/api/v1/alerts/push", { method, headers, body: JSON.stringify(body) });
}

button.addEventListener("click", async () => {
  button.disabled = true;
  say("One moment…");
  try { await (button.dataset.connected ? disconnect() : connect()); }
  catch (error) { say(`That did not work: ${error.message}`); }
  button.disabled = false;
});

begin().catch((error) => say(`This browser cannot be told: ${error.message}`));
