// The list of zones and the fields of the chosen one; its points as numbers, for those who do not draw.

import { round } from "./zone_shape.js";

const SVG = "http://www.w3.org/2000/svg";
const by = (id) => document.getElementById(id);

function dab(colour) {
  const svg = document.createElementNS(SVG, "svg"), square = document.createElementNS(SVG, "rect");
  svg.setAttribute("class", "dab");
  svg.setAttribute("aria-hidden", "true");
  for (const [name, value] of Object.entries({ width: "100%", height: "100%", rx: 4, fill: colour })) square.setAttribute(name, value);
  svg.append(square);
  return svg;
}

export class ZonePanel {
  constructor(state) {
    this.state = state;
    this.makeColours();
    by("zone-name").addEventListener("input", (event) => this.set("name", event.target.value, "name"));
    by("dwell").addEventListener("input", (event) => this.set("min_dwell_s", Number(event.target.value.replace(",", ".") || "0"), "dwell"));
    for (const radio of document.querySelectorAll("#panel input[name=kind]")) radio.addEventListener("change", () => this.set("kind", radio.value));
    by("labels").addEventListener("change", () => this.set("labels", [...by("labels").querySelectorAll(":checked")].map((box) => box.value)));
    by("remove").addEventListener("click", () => { state.remove(); (by("zone-list").querySelector("button") ?? by("draw")).focus(); });
    by("points").addEventListener("change", (event) => this.movePoint(event.target));
    by("points").addEventListener("click", (event) => this.dropPoint(event.target));
    state.addEventListener("change", () => this.show());
    this.show();
  }

  // Typing into one field is one step back, not one for each letter.
  set(field, value, typing = "") {
    if (!typing || this.typing !== `${typing}${this.state.at}`) this.state.remember();
    this.typing = typing && `${typing}${this.state.at}`;
    this.state.chosen[field] = value;
    this.state.tell();
  }

  makeColours() {
    by("colours").replaceChildren(...this.state.colours.map((colour, at) => {
      const label = document.createElement("label"), input = document.createElement("input");
      Object.assign(input, { type: "radio", name: "colour", value: colour });
      input.setAttribute("aria-label", `Colour ${at + 1}`);
      input.addEventListener("change", () => this.set("colour", colour));
      label.append(input, dab(colour));
      return label;
    }));
  }

  show() {
    const { zones, at, chosen } = this.state;
    by("no-zones").hidden = zones.length > 0;
    this.showList(zones, at);
    by("panel").hidden = !chosen;
    if (chosen) this.showFields(chosen);
  }

  showList(zones, at) {
    const list = by("zone-list");
    const focused = list.contains(document.activeElement);
    list.replaceChildren(...zones.map((zone, place) => {
      const item = document.createElement("li"), button = document.createElement("button"), name = document.createElement("span"), kind = document.createElement("span");
      button.type = "button";
      button.setAttribute("aria-pressed", place === at);
      name.textContent = zone.name || "(no name)";
      kind.className = "quiet";
      kind.textContent = zone.kind === "exclude" ? "mask" : "watched";
      button.append(dab(zone.colour), name, kind);
      button.addEventListener("click", () => this.state.choose(place));
      item.append(button);
      return item;
    }));
    if (focused) list.children[at]?.firstChild.focus();
  }

  showFields(zone) {
    fill(by("zone-name"), zone.name);
    fill(by("dwell"), String(zone.min_dwell_s));
    for (const radio of document.querySelectorAll("#panel input[name=kind]")) radio.checked = radio.value === zone.kind;
    for (const radio of by("colours").querySelectorAll("input")) radio.checked = radio.value === zone.colour;
    for (const box of by("labels").querySelectorAll("input")) box.checked = zone.labels.includes(box.value);
    by("labels-words").textContent = zone.labels.length ? "" : "(everything, when none is chosen)";
    by("dwell-row").hidden = zone.kind === "exclude";
    this.showPoints(zone.polygon);
  }

  showPoints(points) {
    const list = by("points");
    while (list.children.length > points.length) list.lastChild.remove();
    points.forEach((point, at) => {
      const row = list.children[at] ?? list.appendChild(this.makePoint(at));
      row.querySelectorAll("input").forEach((input, axis) => fill(input, String(Math.round(point[axis] * 10000) / 100)));
      row.querySelector("button").disabled = points.length <= 3;
    });
  }

  makePoint(at) {
    const row = document.createElement("li"), number = document.createElement("span"), drop = document.createElement("button");
    number.textContent = at + 1;
    const inputs = ["from the left", "from the top"].map((words, axis) => {
      const input = document.createElement("input");
      Object.assign(input, { type: "number", min: 0, max: 100, step: 0.1 });
      Object.assign(input.dataset, { at, axis });
      input.setAttribute("aria-label", `Point ${at + 1}, percent ${words}`);
      return input;
    });
    Object.assign(drop, { type: "button", className: "plain", textContent: "×" });
    drop.dataset.drop = at;
    drop.setAttribute("aria-label", `Remove point ${at + 1}`);
    row.append(number, ...inputs, drop);
    return row;
  }

  movePoint(input) {
    const { at, axis } = input.dataset;
    const value = Number(input.value);
    if (at === undefined || input.value === "" || Number.isNaN(value)) return;
    this.state.change((zone) => { zone.polygon = zone.polygon.with(at, zone.polygon[at].with(axis, round(value / 100))); });
  }

  dropPoint(button) {
    if (button.dataset.drop === undefined || this.state.chosen.polygon.length <= 3) return;
    this.state.change((zone) => { zone.polygon = zone.polygon.toSpliced(Number(button.dataset.drop), 1); });
  }
}

// What somebody is typing is not overwritten under their fingers.
function fill(input, value) {
  if (input !== document.activeElement && input.value !== value) input.value = value;
}
