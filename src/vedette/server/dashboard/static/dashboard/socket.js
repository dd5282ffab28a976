// One live socket for the whole page: streams are asked for and let go by number, and come back by
// themselves when the line was lost. Nothing is open while nobody watches or the tab is hidden.

const PATH = "/api/v1/live/socket";
const HEADER_BYTES = 32, INIT = 1, KEYFRAME = 2, NOT_ALLOWED = 4401;
const CONFIRM_MS = 500, IDLE_MS = 4000, HIDDEN_MS = 4000, FIRST_WAIT_MS = 300, LONGEST_WAIT_MS = 5000;

const wanted = new Map();
let socket = null, number = 0, frames = 0, confirmed = 0, waitMs = FIRST_WAIT_MS;
let again = 0, idle = 0, hidden = 0, confirming = 0;

function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function open() {
  clearTimeout(again);
  again = 0;
  if (socket || !wanted.size || document.hidden) return;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const opening = new WebSocket(`${scheme}://${location.host}${PATH}`);
  opening.binaryType = "arraybuffer";
  socket = opening;
  frames = confirmed = 0;
  opening.addEventListener("open", () => {
    waitMs = FIRST_WAIT_MS;
    for (const { request } of wanted.values()) send(request);
  });
  opening.addEventListener("message", ({ data }) => (typeof data === "string" ? hear(JSON.parse(data)) : receive(data)));
  opening.addEventListener("close", ({ code }) => {
    if (socket !== opening) return;
    socket = null;
    for (const { on } of wanted.values()) on.lost?.(code === NOT_ALLOWED);
    if (code === NOT_ALLOWED) { wanted.clear(); return; }
    if (wanted.size && !document.hidden) again = setTimeout(open, waitMs + Math.random() * 200);
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  });
  confirming ||= setInterval(confirm, CONFIRM_MS);
}

function confirm() {
  if (frames === confirmed) return;
  confirmed = frames;
  send({ type: "received", frames });
}

function shut() {
  clearInterval(confirming);
  clearTimeout(again);
  confirming = again = 0;
  const closing = socket;
  socket = null;
  closing?.close();
}

function hear(said) {
  wanted.get(said.subscription)?.on[said.type]?.(said);
}

function receive(buffer) {
  frames += 1;
  const view = new DataView(buffer);
  const on = wanted.get(view.getUint32(4))?.on;
  if (!on || view.getUint8(0) !== 1) return;
  const flags = view.getUint8(2), track = view.getUint8(1) ? "audio" : "video";
  const data = new Uint8Array(buffer, HEADER_BYTES);
  if (flags & INIT) { on.head?.(track, data); return; }
  on.fragment?.({
    track, data, keyframe: Boolean(flags & KEYFRAME),
    utcS: view.getFloat64(8), mediaS: view.getFloat64(16), durationS: view.getFloat64(24),
  });
}

// Ask for a stream; `on` has functions for what comes: init, head, fragment, boxes, state, end, lost.
export function subscribe({ camera, stream, sound = false }, on) {
  number += 1;
  const mine = number;
  const request = { type: "subscribe", subscription: mine, camera, stream, sound };
  clearTimeout(idle);
  wanted.set(mine, { request, on });
  if (socket) send(request);
  else open();
  return {
    close() {
      if (!wanted.delete(mine)) return;
      send({ type: "unsubscribe", subscription: mine });
      clearTimeout(idle);
      if (!wanted.size) idle = setTimeout(() => { if (!wanted.size) shut(); }, IDLE_MS);
    },
  };
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(hidden);
  if (!document.hidden) { waitMs = FIRST_WAIT_MS; open(); return; }
  hidden = setTimeout(() => {
    if (!document.hidden || !socket) return;
    shut();
    for (const { on } of wanted.values()) on.lost?.(false);
  }, HIDDEN_MS);
});
addEventListener("pagehide", shut);
addEventListener("pageshow", (shown) => { if (shown.persisted) open(); });
