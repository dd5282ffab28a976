// Zones on the picture: drawn, moved and reshaped with mouse, finger, pen or keyboard.

import { clamp, middle, moved, round, MOST_POINTS } from "./zone_shape.js";

const SVG = "http://www.w3.org/2000/svg";
const NEAR_PX = 14, SAME_PX = 5, STEP = 0.005, LEAP = 0.05;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const percent = (share) => `${Math.round(share * 1000) / 10} %`;

export class ZoneCanvas extends EventTarget {
  constructor(svg, state) {
    super();
    this.svg = svg;
    this.state = state;
    this.parts = new Map();
    this.sketch = null;
    this.marks = [];
    this.layers = ["shapes", "marks", "sketch", "handles"].map((name) => svg.appendChild(this.make("g", { class: name })));
    svg.addEventListener("pointerdown", (event) => this.press(event));
    svg.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => this.release());
    svg.addEventListener("keydown", (event) => this.key(event));
    svg.addEventListener("focusin", (event) => this.focused(event));
    state.addEventListener("change", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(svg);
  }

  // -- drawing what is there ----------------------------------------------------------------------

  make(tag, attributes = {}, text = "") {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text) made.textContent = text;
    return made;
  }

  // The part of this name, made once and only changed after that: focus and fingers stay on it.
  part(layer, name, tag, attributes, text) {
    let found = this.parts.get(name);
    if (!found) {
      found = this.make(tag);
      this.layers[layer].append(found);
      this.parts.set(name, found);
    }
    for (const [key, value] of Object.entries(attributes)) if (found.getAttribute(key) !== String(value)) found.setAttribute(key, value);
    if (text !== undefined && found.textContent !== text) found.textContent = text;
    this.used.add(name);
    return found;
  }

  px([x, y]) { return [x * this.svg.clientWidth, y * this.svg.clientHeight]; }
  text(points) { return points.map((point) => this.px(point).map((n) => n.toFixed(1)).join(",")).join(" "); }

  draw() {
    this.used = new Set();
    this.state.zones.forEach((zone, at) => this.shape(zone, at));
    this.marks.forEach((mark, at) => this.mark(mark, at));
    if (this.sketch) this.line();
    else if (this.state.chosen) this.handles(this.state.chosen);
    for (const [name, part] of this.parts) {
      if (this.used.has(name)) continue;
      part.remove();
      this.parts.delete(name);
    }
  }

  shape(zone, at) {
    const chosen = at === this.state.at;
    const kind = zone.kind === "exclude" ? "mask" : "zone";
    this.part(0, `shape-${at}`, "polygon", {
      class: `shape ${zone.kind}${chosen ? " chosen" : ""}`, points: this.text(zone.polygon), fill: zone.colour, stroke: zone.colour,
      "data-zone": at, tabindex: this.sketch ? -1 : 0, role: "button", "aria-pressed": chosen,
      "aria-label": `${zone.name}, ${kind} with ${zone.polygon.length} points. Arrow keys move it.`,
    });
    const [x, y] = this.px(middle(zone.polygon));
    this.part(0, `name-${at}`, "text", { class: "shape-name", x, y, "text-anchor": "middle", "aria-hidden": true }, zone.name);
  }

  handles(zone) {
    const points = zone.polygon;
    points.forEach((point, at) => {
      const next = points[(at + 1) % points.length];
      if (points.length < MOST_POINTS) this.handle(`between-${at}`, middle([point, next]), "between", zone, `Add a point after point ${at + 1}`, { "data-after": at });
    });
    points.forEach((point, at) => {
      const where = `${percent(point[0])} from the left, ${percent(point[1])} from the top`;
      this.handle(`point-${at}`, point, "corner", zone, `Point ${at + 1} of ${points.length}: ${where}. Arrow keys move it, Delete removes it.`, { "data-point": at });
    });
  }

  handle(name, point, kind, zone, label, data) {
    const [x, y] = this.px(point);
    const group = this.part(3, name, "g", { class: `handle ${kind}`, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, tabindex: 0, role: "button", "aria-label": label, ...data });
    if (!group.firstChild) group.append(this.make("circle", { class: "grip", r: kind === "between" ? 14 : 20 }), this.make("circle", { class: "knob", r: kind === "between" ? 5 : 8 }));
    group.lastChild.setAttribute("stroke", zone.colour);
  }

  mark(mark, at) {
    if (mark.trail) this.part(1, `trail-${at}`, "polyline", { class: "trail", points: this.text(mark.trail), "aria-hidden": true });
    if (mark.box) {
      const [x, y] = this.px([mark.box[0], mark.box[1]]), [width, height] = this.px([mark.box[2], mark.box[3]]);
      this.part(1, `box-${at}`, "rect", { class: "seen", x, y, width, height, "aria-hidden": true });
    }
    const [cx, cy] = this.px(mark.foot);
    this.part(1, `foot-${at}`, "circle", { class: `foot ${mark.counts ? "counts" : "not"}`, cx, cy, r: mark.box ? 7 : 4, "aria-hidden": true });
  }

  line() {
    const { points, cross } = this.sketch;
    this.part(2, "sketch", "polyline", { class: "sketch", points: this.text([...points, cross]) });
    points.forEach((point, at) => {
      const [cx, cy] = this.px(point);
      this.part(2, `dot-${at}`, "circle", { class: "foot counts", cx, cy, r: at ? 4 : 8 });
    });
    const [x, y] = this.px(cross);
    this.part(2, "cross", "path", { class: "cross", d: `M${x - 12} ${y}H${x + 12}M${x} ${y - 12}V${y + 12}` });
  }

  // -- a new zone ---------------------------------------------------------------------------------

  get drawing() { return this.sketch !== null; }

  begin() {
    this.sketch = { points: [], cross: [0.5, 0.5] };
    this.svg.setAttribute("tabindex", 0);
    this.changed();
    this.svg.focus();
  }

  changed() {
    this.draw();
    this.dispatchEvent(new Event("sketch"));
  }

  place(point) {
    const { points } = this.sketch;
    const near = (other, px) => Math.hypot(...this.px([other[0] - point[0], other[1] - point[1]])) < px;
    if (points.length >= 3 && (near(points[0], NEAR_PX) || near(points.at(-1), SAME_PX))) return this.finish();
    if (points.length && near(points.at(-1), SAME_PX)) return undefined;
    points.push(point.map(round));
    return points.length >= MOST_POINTS ? this.finish() : this.changed();
  }

  back() {
    this.sketch.points.pop();
    this.changed();
  }

  finish() {
    if (this.sketch.points.length < 3) return;
    const { points } = this.sketch;
    this.end();
    this.state.add(points);
    this.focus("point-0");
  }

  end() {
    this.sketch = null;
    this.svg.removeAttribute("tabindex");
    this.changed();
  }

  focus(name) { this.parts.get(name)?.focus({ preventScroll: true }); }

  // -- pointers -----------------------------------------------------------------------------------

  at(event) {
    const frame = this.svg.getBoundingClientRect();
    return [clamp((event.clientX - frame.left) / frame.width), clamp((event.clientY - frame.top) / frame.height)];
  }

  press(event) {
    if (event.button) return;
    const point = this.at(event);
    if (this.sketch) {
      event.preventDefault();
      this.sketch.cross = point;
      this.place(point);
      return;
    }
    const target = event.target.closest("[data-point], [data-after], [data-zone]");
    if (!target) return;
    this.svg.setPointerCapture(event.pointerId);
    const { point: corner, after, zone } = target.dataset;
    if (zone !== undefined) this.state.choose(Number(zone));
    this.held = { corner: corner === undefined ? null : Number(corner), after: after === undefined ? null : Number(after), from: point, polygon: this.state.chosen.polygon, moved: false };
    target.focus({ preventScroll: true });
    event.preventDefault();
  }

  drag(event) {
    const point = this.at(event);
    if (this.sketch) {
      this.sketch.cross = point;
      this.draw();
      return;
    }
    if (!this.held) return;
    const [dx, dy] = [point[0] - this.held.from[0], point[1] - this.held.from[1]];
    if (!this.held.moved && Math.hypot(...this.px([dx, dy])) < 3) return;
    this.lift(point);
    const { corner, polygon } = this.held;
    this.state.chosen.polygon = corner === null ? moved(polygon, dx, dy) : polygon.with(corner, point.map(round));
    this.state.tell();
  }

  // The first move of a drag: from here on it can be taken back, and a point between two becomes a corner.
  lift(point) {
    if (this.held.moved) return;
    this.state.remember();
    this.held.moved = true;
    if (this.held.after !== null) this.insert(this.held.after, point);
  }

  insert(after, point) {
    this.state.chosen.polygon = this.state.chosen.polygon.toSpliced(after + 1, 0, point.map(round));
    if (this.held) Object.assign(this.held, { corner: after + 1, after: null, polygon: this.state.chosen.polygon });
  }

  release() {
    const { held } = this;
    this.held = null;
    if (held && !held.moved && held.after !== null) this.split(held.after);
  }

  // -- keys ---------------------------------------------------------------------------------------

  focused(event) {
    const { zone } = event.target.dataset;
    if (zone !== undefined && !this.held) this.state.choose(Number(zone));
  }

  key(event) {
    const arrow = ARROWS[event.key];
    const step = event.shiftKey ? LEAP : STEP;
    const handled = this.sketch ? this.sketchKey(event.key, arrow, step) : this.shapeKey(event, arrow, step);
    if (!handled) return;
    event.preventDefault();
    event.stopPropagation();
  }

  sketchKey(key, arrow, step) {
    if (arrow) {
      this.sketch.cross = this.sketch.cross.map((value, at) => clamp(value + 2 * step * arrow[at]));
      this.draw();
    } else if (key === " ") this.place(this.sketch.cross);
    else if (key === "Enter") this.finish();
    else if (key === "Backspace") this.back();
    else if (key === "Escape") this.end();
    else return false;
    return true;
  }

  shapeKey(event, arrow, step) {
    const { point, after, zone } = event.target.dataset;
    if (after !== undefined && (event.key === "Enter" || event.key === " ")) this.split(Number(after));
    else if (point !== undefined && arrow) this.nudge(Number(point), arrow, step);
    else if (point !== undefined && (event.key === "Delete" || event.key === "Backspace")) this.drop(Number(point));
    else if (zone !== undefined && arrow) this.state.change((chosen) => { chosen.polygon = moved(chosen.polygon, arrow[0] * step, arrow[1] * step); });
    else return false;
    return true;
  }

  nudge(at, arrow, step) {
    this.state.change((zone) => {
      zone.polygon = zone.polygon.with(at, zone.polygon[at].map((value, axis) => round(value + step * arrow[axis])));
    });
  }

  split(after) {
    const points = this.state.chosen.polygon;
    this.state.change(() => this.insert(after, middle([points[after], points[(after + 1) % points.length]])));
    this.focus(`point-${after + 1}`);
  }

  drop(at) {
    if (this.state.chosen.polygon.length <= 3) return;
    this.state.change((zone) => { zone.polygon = zone.polygon.toSpliced(at, 1); });
    this.focus(`point-${Math.max(0, at - 1)}`);
  }
}
