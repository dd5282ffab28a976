// A small calendar that knows on which days something was recorded.

import { json } from "./tracks.js";
import { calendarDay, moment } from "./window.js";
import { now } from "./times.js";

const zone = document.documentElement.dataset.zone || "UTC";
const title = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", month: "long", year: "numeric" });
const spoken = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "long", year: "numeric" });
const two = (number) => String(number).padStart(2, "0");

function element(tag, fields, ...children) {
  const made = Object.assign(document.createElement(tag), fields);
  made.append(...children);
  return made;
}

// Fills `box` with the month when `details` is opened; `choose(seconds)` gets the midnight of a day.
export function calendar(details, box, tracks, shown, choose) {
  let year = 0, month = 0;

  async function days() {
    const asked = tracks.map((track) => json(`${track.base}/days?month=${year}-${two(month)}-01&zone=${encodeURIComponent(zone)}`));
    return new Set((await Promise.all(asked)).flat());
  }

  function day(number, recorded, current) {
    const name = `${year}-${two(month)}-${two(number)}`, has = recorded.has(name);
    const button = element("button", { type: "button", className: has ? "day has" : "day", textContent: number });
    button.disabled = moment(year, month, number) > now();
    button.setAttribute("aria-label", `${spoken.format(Date.UTC(year, month - 1, number))}${has ? "" : ", no recordings"}`);
    if (current.year === year && current.month === month && current.day === number) button.setAttribute("aria-current", "date");
    button.addEventListener("click", () => { details.open = false; details.querySelector("summary").focus(); choose(moment(year, month, number)); });
    return button;
  }

  function turn(by) {
    const turned = new Date(Date.UTC(year, month - 1 + by, 1));
    year = turned.getUTCFullYear();
    month = turned.getUTCMonth() + 1;
    draw();
  }

  function head() {
    const back = element("button", { type: "button", className: "plain icon", textContent: "←" }), on = element("button", { type: "button", className: "plain icon", textContent: "→" });
    back.setAttribute("aria-label", "Month before");
    on.setAttribute("aria-label", "Next month");
    back.addEventListener("click", () => turn(-1));
    on.addEventListener("click", () => turn(1));
    return element("div", { className: "month-head" }, back, element("strong", { textContent: title.format(Date.UTC(year, month - 1, 1)) }), on);
  }

  async function draw() {
    const asked = `${year}-${month}`;
    let recorded;
    try { recorded = await days(); } catch (error) { box.replaceChildren(element("p", { className: "trouble", textContent: error.message })); return; }
    if (asked !== `${year}-${month}`) return;
    const grid = element("div", { className: "month-grid" });
    for (const name of ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]) grid.append(element("span", { className: "quiet", textContent: name }));
    const first = (new Date(Date.UTC(year, month - 1, 1)).getUTCDay() + 6) % 7, count = new Date(Date.UTC(year, month, 0)).getUTCDate();
    const current = calendarDay(shown());
    for (let number = 1; number <= count; number += 1) {
      const made = day(number, recorded, current);
      if (number === 1) made.style.gridColumnStart = String(first + 1);
      grid.append(made);
    }
    box.replaceChildren(head(), grid);
  }

  details.addEventListener("toggle", () => {
    if (!details.open) return;
    ({ year, month } = calendarDay(shown()));
    draw();
  });
  details.addEventListener("keydown", (key) => {
    if (key.key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector("summary").focus();
  });
  document.addEventListener("click", (click) => { if (details.open && !details.contains(click.target) && click.target.isConnected) details.open = false; });
}
