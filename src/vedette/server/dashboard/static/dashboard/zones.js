// The zone editor: puts the picture, the canvas, the fields, the trying out and the saving together.

import { clock } from "./times.js";
import { ZoneCanvas } from "./zone_canvas.js";
import { ZonePanel } from "./zone_panel.js";
import { wrongWith } from "./zone_shape.js";
import { ZoneState } from "./zone_state.js";
import { ZoneTry } from "./zone_try.js";

const by = (id) => document.getElementById(id);
const read = (id, page = document) => JSON.parse(page.getElementById(id).textContent);
const camera = by("camera").dataset.camera;
const state = new ZoneState(read("zone-data"), read("zone-colours"));
const canvas = new ZoneCanvas(by("drawing"), state);
new ZonePanel(state);
const trying = new ZoneTry(camera, state, canvas);
const still = by("still");
const RECTANGLE = [[0.3, 0.45], [0.7, 0.45], [0.7, 0.85], [0.3, 0.85]];

// -- the picture ----------------------------------------------------------------------------------

async function display(blob, seconds) {
  const before = still.src;
  still.src = URL.createObjectURL(blob);
  await still.decode();
  if (before.startsWith("blob:")) URL.revokeObjectURL(before);
  still.hidden = false;
  by("no-still").hidden = true;
  by("canvas").style.aspectRatio = `${still.naturalWidth} / ${still.naturalHeight}`;
  by("still-words").textContent = `Picture of ${clock(seconds)}`;
}

async function refresh() {
  const answer = await fetch(`/api/v1/cameras/${camera}/snapshot.jpg?max_width=1280`, { cache: "no-store" });
  if (answer.ok) await display(await answer.blob(), Number(answer.headers.get("X-Captured")));
  else by("still-words").textContent = "There is no picture now. Zones can be drawn all the same.";
  return answer.ok;
}

async function lookNow() {
  const found = await trying.look();
  const bytes = Uint8Array.from(atob(found.picture), (char) => char.charCodeAt(0));
  await display(new Blob([bytes], { type: "image/jpeg" }), found.utc_s);
}

function onClick(id, work, busy) {
  const button = by(id);
  button.addEventListener("click", async () => {
    const words = button.textContent;
    if (busy) Object.assign(button, { textContent: busy, disabled: true });
    try { await work(); } catch (error) { by("now").textContent = error.message; }
    if (busy) Object.assign(button, { textContent: words, disabled: false });
  });
}

onClick("refresh", refresh, "Refreshing…");
onClick("look", lookNow, "Looking…");
onClick("draw", () => canvas.begin());
onClick("rectangle", () => { state.add(RECTANGLE.map((point) => [...point])); canvas.focus("point-0"); });
onClick("finish", () => canvas.finish());
onClick("back", () => canvas.back());
onClick("cancel", () => canvas.end());
onClick("undo", () => state.undo());
onClick("redo", () => state.redo());

// -- what may be done now -------------------------------------------------------------------------

const HINTS = [
  "Tap or click where the zone begins. Keys: arrows move the cross, Space sets a point.",
  "Set the next point. Keys: Backspace takes one back, Escape ends it.",
  "Go on, or end it: tap the first point, press Enter, or press Finish.",
];

function sketched() {
  const count = canvas.sketch?.points.length ?? 0;
  by("canvas").classList.toggle("drawing", canvas.drawing);
  for (const id of ["draw", "rectangle", "undo", "redo"]) by(id).hidden = canvas.drawing;
  for (const id of ["finish", "back", "cancel"]) by(id).hidden = !canvas.drawing;
  by("finish").disabled = count < 3;
  by("back").disabled = count < 1;
  by("hint").hidden = !canvas.drawing;
  by("hint").textContent = HINTS[count < 1 ? 0 : count < 3 ? 1 : 2];
}
canvas.addEventListener("sketch", sketched);

function problem() {
  return state.zones.map((zone) => wrongWith(zone, state.zones)).find(Boolean) ?? "";
}

function changed() {
  by("zones").value = JSON.stringify(state.zones.map((zone) => ({ ...zone, name: zone.name.trim() })));
  by("wrong").textContent = problem();
  by("dirty").textContent = state.dirty ? "Not saved yet." : "";
  by("undo").disabled = !state.past.length;
  by("redo").disabled = !state.future.length;
}
state.addEventListener("change", changed);
changed();

addEventListener("submit", (event) => {
  if (event.target.id !== "zone-form" || !problem()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  by("wrong").focus();
}, true);

document.addEventListener("saved", (event) => { if (event.detail.id === "zone-form") state.keep(); });
document.addEventListener("renewed", (event) => state.load(read("zone-data", event.detail)));
addEventListener("beforeunload", (event) => { if (state.dirty) event.preventDefault(); });
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.target.matches("input") || canvas.drawing) return;
  const work = { z: () => (event.shiftKey ? state.redo() : state.undo()), y: () => state.redo() }[event.key.toLowerCase()];
  if (!work) return;
  event.preventDefault();
  work();
});

while (!(await refresh())) await new Promise((done) => { setTimeout(done, 2000); });
