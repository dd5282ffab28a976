// The system page: keeps itself fresh, and tells the values under the pointer.

import { ask, follow, put } from "./live.js";
import { clock } from "./times.js";

const zone = document.documentElement.dataset.zone || "UTC";
const day = new Intl.DateTimeFormat("en-GB", { timeZone: zone, day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

async function refresh() {
  if (document.querySelector(".chart .reading")) return; // somebody reads a value
  const open = [...document.querySelectorAll("figure details[open]")].map((details) => details.closest("figure").id);
  const page = await ask();
  if (!page) return;
  put(page);
  for (const id of open) document.querySelector(`#${CSS.escape(id)} details`)?.setAttribute("open", "");
}
follow({ kinds: ["incident"], everyS: 10, refresh });

function told(value, unit) {
  if (value === null) return "–";
  if (unit === "cores") return `${(value * 100).toFixed(value < .1 ? 1 : 0)} %`;
  if (unit === "bytes") return size(value);
  const number = value >= 100 ? value.toFixed(0) : Number(value.toPrecision(2)).toString();
  return unit === "per second" ? `${number} /s` : number;
}

function size(bytes) {
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (bytes < 1000) return `${bytes.toFixed(unit === "B" || unit === "kB" ? 0 : 1)} ${unit}`;
    bytes /= 1000;
  }
  return `${bytes.toFixed(1)} TB`;
}

function read(chart, x) {
  const { start, end, unit, lines } = JSON.parse(chart.closest("figure").dataset.plot);
  const box = chart.getBoundingClientRect();
  const share = Math.min(Math.max((x - box.left) / box.width, 0), .9999);
  const at = start + share * (end - start);
  const reading = chart.querySelector(".reading") ?? chart.appendChild(made());
  reading.style.left = `${share * 100}%`;
  const words = reading.firstChild;
  words.replaceChildren(row(end - start > 90000 ? day.format(at * 1000) : clock(at)));
  lines.forEach(([label, values], number) => words.append(row(`${label}: ${told(values[Math.floor(share * values.length)], unit)}`, number)));
  words.classList.toggle("left", share > .55);
}

function made() {
  const reading = document.createElement("div");
  reading.className = "reading";
  const words = document.createElement("div");
  words.className = "words";
  reading.append(words);
  return reading;
}

function row(text, number) {
  const line = document.createElement("span");
  if (number !== undefined) {
    const key = line.appendChild(document.createElement("i"));
    key.className = "key";
    key.dataset.line = number;
  }
  line.append(text);
  return line;
}

document.addEventListener("pointermove", (move) => {
  const chart = move.target.closest?.(".chart");
  for (const other of document.querySelectorAll(".chart")) if (other !== chart) leave(other);
  if (chart) read(chart, move.clientX);
});
document.addEventListener("pointerleave", () => document.querySelectorAll(".chart").forEach(leave));
function leave(chart) { chart.querySelector(".reading")?.remove(); }
