// One camera over the whole window: moving, with boxes, zones and sound by choice, and the next one at hand.

import { LivePlayer } from "./player.js";
import { Overlay } from "./boxes.js";
import { clock } from "./times.js";

const IDLE_MS = 3500;
const page = document.getElementById("watch"), stage = document.getElementById("stage");
const words = document.getElementById("words"), title = document.getElementById("title"), time = document.getElementById("time");
const cameras = [...document.querySelectorAll("#cameras a")];
const buttons = Object.fromEntries([...document.querySelectorAll("[data-do]")].map((button) => [button.dataset.do, button]));
let player = null, overlay = null, camera = page.dataset.camera, idle = 0;

function chosen(name) {
  try { return localStorage.getItem(`vedette.watch.${name}`) === "yes"; } catch { return false; }
}

function choose(name, on) {
  buttons[name].setAttribute("aria-pressed", String(on));
  try { localStorage.setItem(`vedette.watch.${name}`, on ? "yes" : "no"); } catch { /* private windows may refuse */ }
}

function show(id) {
  const link = cameras.find((found) => found.dataset.camera === id);
  if (!link) return;
  player?.close();
  overlay?.close();
  camera = id;
  stage.querySelector("video").remove();
  const video = document.createElement("video");
  video.setAttribute("aria-label", `${link.dataset.name}, live`);
  stage.prepend(video);
  overlay = new Overlay(stage.querySelector("canvas"), video, id);
  player = new LivePlayer(video, id, { onState: tell, onFrame: (utcS) => { time.textContent = clock(utcS); overlay.draw(utcS); } });
  overlay.setBoxes(chosen("boxes"));
  overlay.setZones(chosen("zones"));
  buttons.sound.setAttribute("aria-pressed", "false");
  title.textContent = link.dataset.name;
  document.title = `${link.dataset.name} · Live · Vedette`;
  document.getElementById("details").href = link.dataset.page;
  document.getElementById("events").href = link.dataset.events;
  for (const other of cameras) if (other === link) other.setAttribute("aria-current", "true"); else other.removeAttribute("aria-current");
  history.replaceState(null, "", link.getAttribute("href"));
}

function tell({ state, words: text, sound, hasSound, stream }) {
  if (state === "denied") { location.reload(); return; }
  page.dataset.state = state;
  words.textContent = text;
  words.hidden = state === "playing";
  buttons.sound.disabled = !hasSound;
  buttons.sound.title = hasSound ? "Sound (m)" : "This camera sends no sound that can be played";
  buttons.sound.setAttribute("aria-pressed", String(sound));
  page.dataset.stream = stream;
  if (state !== "playing") time.textContent = "";
}

const step = (by) => {
  const at = cameras.findIndex((link) => link.dataset.camera === camera);
  show(cameras[(at + by + cameras.length) % cameras.length].dataset.camera);
};

const DO = {
  boxes: () => { choose("boxes", !chosen("boxes")); overlay.setBoxes(chosen("boxes")); },
  zones: () => { choose("zones", !chosen("zones")); overlay.setZones(chosen("zones")); },
  sound: () => { if (player.hasSound) player.setSound(buttons.sound.getAttribute("aria-pressed") !== "true"); },
  full: () => { if (document.fullscreenElement) document.exitFullscreen(); else if (page.requestFullscreen) page.requestFullscreen(); else stage.querySelector("video").webkitEnterFullscreen?.(); },
  next: () => step(1),
  previous: () => step(-1),
};
const KEYS = { b: "boxes", z: "zones", m: "sound", f: "full", ArrowRight: "next", ArrowDown: "next", ArrowLeft: "previous", ArrowUp: "previous" };

document.addEventListener("click", (click) => {
  const button = click.target.closest("[data-do]"), link = click.target.closest("#cameras a");
  if (button) DO[button.dataset.do]();
  if (!link || click.metaKey || click.ctrlKey) return;
  click.preventDefault();
  show(link.dataset.camera);
});
document.addEventListener("keydown", (key) => {
  if (key.altKey || key.ctrlKey || key.metaKey) return;
  stir();
  if (key.key === "Escape" && !document.fullscreenElement) { document.getElementById("back").click(); return; }
  const action = KEYS[key.key];
  if (!action || (buttons[action]?.hidden ?? false)) return;
  key.preventDefault();
  DO[action]();
});
document.addEventListener("fullscreenchange", () => buttons.full.setAttribute("aria-pressed", String(Boolean(document.fullscreenElement))));

// The controls leave the picture alone when nobody reaches for them.
function stir() {
  delete page.dataset.idle;
  clearTimeout(idle);
  idle = setTimeout(() => { if (!page.querySelector(".controls :focus-visible, .top :focus-visible")) page.dataset.idle = "yes"; }, IDLE_MS);
}
for (const kind of ["pointermove", "pointerdown", "focusin"]) document.addEventListener(kind, stir);

for (const name of ["boxes", "zones"]) buttons[name].setAttribute("aria-pressed", String(chosen(name)));
show(camera);
stir();
