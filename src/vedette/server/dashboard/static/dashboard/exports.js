// Exports: a span chosen on the time line is ordered, and the list of exports keeps itself fresh.

import { ask, put } from "./live.js";
import { json } from "./tracks.js";
import { iso } from "./times.js";
import { calendarDay, moment, offset } from "./window.js";

const EVERY_MS = 1000, DEFAULT_S = 60;
const two = (number) => String(number).padStart(2, "0");

function local(seconds) {
  const { year, month, day } = calendarDay(seconds), wall = new Date((Math.round(seconds) + offset(seconds)) * 1000);
  return `${year}-${two(month)}-${two(day)}T${two(wall.getUTCHours())}:${two(wall.getUTCMinutes())}:${two(wall.getUTCSeconds())}`;
}

function read(text) {
  const numbers = text.split(/\D/).map(Number);
  return numbers.length >= 5 ? moment(...numbers) : NaN;
}

function long(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return minutes ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.round(seconds)} s`;
}

async function refresh() {
  const fresh = await ask(location.pathname + location.search).catch(() => null);
  if (fresh) put(fresh);
}

// Asks for the list once a second while something is being made.
function watch() {
  let busy = false;
  setInterval(async () => {
    if (busy || document.hidden || !document.querySelector("#exports [data-state=waiting], #exports [data-state=running]")) return;
    busy = true;
    await refresh();
    busy = false;
  }, EVERY_MS);
}

export function exporting(strip, tracks, current) {
  watch();
  const form = document.getElementById("span"), opener = document.getElementById("choose-span");
  const token = form?.querySelector("[name=csrfmiddlewaretoken]").value ?? "";
  const send = (address, options) => json(address, { ...options, headers: { "Content-Type": "application/json", "X-CSRFToken": token } });

  document.addEventListener("click", async (click) => {
    const id = click.target.closest?.("[data-remove]")?.dataset.remove;
    if (!id) return;
    click.target.disabled = true;
    try { await send(`/api/v1/exports/${id}`, { method: "DELETE" }); } catch { /* it is gone already */ }
    refresh();
  });
  if (!form) return { drag() {} };
  const from = form.querySelector("#from"), to = form.querySelector("#to");
  const trouble = form.querySelector("#span-trouble"), words = form.querySelector("#span-words");

  function set(span, { fields = true } = {}) {
    strip.span = span;
    strip.draw();
    if (!span) return;
    if (fields) { from.value = local(span.from); to.value = local(span.to); }
    const cameras = tracks.map((track) => track.name).join(", ");
    words.textContent = span.to > span.from ? `${long(span.to - span.from)} of ${cameras}, in the original quality.` : "The end must be after the beginning.";
  }

  function open(shown) {
    form.hidden = !shown;
    opener.setAttribute("aria-expanded", String(shown));
    trouble.textContent = "";
    const around = Math.min(DEFAULT_S, strip.window.length / 4);
    set(shown ? { from: Math.floor(current() - around / 2), to: Math.ceil(current() + around / 2) } : null);
    if (shown) from.focus();
    else opener.focus();
  }

  opener.addEventListener("click", () => open(form.hidden));
  form.querySelector("#leave-span").addEventListener("click", () => open(false));
  form.addEventListener("keydown", (key) => { if (key.key === "Escape") open(false); });
  form.querySelector("#begin-here").addEventListener("click", () => set({ from: current(), to: Math.max(strip.span.to, current() + 1) }));
  form.querySelector("#end-here").addEventListener("click", () => set({ from: Math.min(strip.span.from, current() - 1), to: current() }));
  form.addEventListener("input", () => {
    const span = { from: read(from.value), to: read(to.value) };
    if (Number.isFinite(span.from) && Number.isFinite(span.to)) set(span, { fields: false });
  });
  form.addEventListener("submit", async (submit) => {
    submit.preventDefault();
    submit.stopPropagation();
    const button = form.querySelector("[type=submit]"), { from: start, to: end } = strip.span;
    button.disabled = true;
    trouble.textContent = "";
    try {
      for (const track of tracks) {
        await send("/api/v1/exports", { method: "POST", body: JSON.stringify({ camera: track.camera, start: iso(start), end: iso(end) }) });
      }
      open(false);
    } catch (error) {
      trouble.textContent = error.message;
    }
    button.disabled = false;
    refresh();
  });

  return {
    drag(which, at) {
      const span = { ...strip.span, [which]: Math.round(at) };
      if (span.to > span.from) set(span);
    },
  };
}
