// The bar of a day: where the pointer is, where the playhead is, what was recorded.

import { clock } from "./times.js";

const bar = document.getElementById("timeline");
const playhead = document.getElementById("playhead");
const hover = document.getElementById("hover");

export const dayStart = Number(bar.dataset.start);
export const dayEnd = Number(bar.dataset.end);
const track = document.getElementById("track");
const zoom = document.getElementById("zoom");
const long = dayEnd - dayStart;
let cursor = dayStart;

// Recorded stretches as [from, to], in order; read anew each time, because they grow.
export function spans() {
  return [...bar.querySelectorAll(".recorded")].map((part) => [Number(part.dataset.from), Number(part.dataset.to)]);
}

function place(element, seconds) {
  element.style.left = `${(100 * (seconds - dayStart)) / long}%`;
  element.hidden = false;
}

export function point(seconds) {
  cursor = Math.min(Math.max(seconds, dayStart), dayEnd - 1);
  place(playhead, cursor);
  reveal(cursor);
  bar.setAttribute("aria-valuenow", String(Math.round(cursor - dayStart)));
  bar.setAttribute("aria-valuetext", clock(cursor));
}

// Brings a moment into the visible part of a zoomed bar.
function reveal(seconds) {
  const x = ((seconds - dayStart) / long) * bar.clientWidth;
  if (x < track.scrollLeft || x > track.scrollLeft + track.clientWidth) track.scrollLeft = x - track.clientWidth / 2;
}

function at(pointer) {
  const box = bar.getBoundingClientRect();
  const share = Math.min(Math.max((pointer.clientX - box.left) / box.width, 0), 1);
  return dayStart + share * long;
}

const STEPS = { ArrowLeft: -60, ArrowDown: -60, ArrowRight: 60, ArrowUp: 60, PageDown: -3600, PageUp: 3600 };

// Calls `play(seconds)` for the moment that is clicked, or chosen by keyboard and confirmed with Enter.
export function listen(play) {
  bar.setAttribute("aria-valuemax", String(long));
  zoom.parentElement.hidden = false;
  zoom.addEventListener("change", () => {
    bar.dataset.zoom = zoom.value;
    const shown = playhead.hidden ? spans().at(-1)?.[1] ?? cursor : cursor;
    track.scrollLeft = ((shown - dayStart) / long) * bar.clientWidth - track.clientWidth / 2;
  });
  bar.addEventListener("click", (click) => play(at(click)));
  bar.addEventListener("pointermove", (pointer) => {
    hover.textContent = clock(at(pointer));
    place(hover, at(pointer));
  });
  bar.addEventListener("pointerleave", () => { hover.hidden = true; });
  bar.addEventListener("keydown", (key) => {
    if (key.key === "Enter" || key.key === " ") play(cursor);
    else if (key.key === "Home") point(spans()[0]?.[0] ?? dayStart);
    else if (key.key === "End") point(spans().at(-1)?.[1] ?? dayEnd);
    else if (key.key in STEPS) point(cursor + STEPS[key.key] * (key.shiftKey ? 10 : 1));
    else return;
    key.preventDefault();
  });
}
