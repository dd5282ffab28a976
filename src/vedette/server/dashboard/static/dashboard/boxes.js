// Boxes of what is found, and zones, drawn over a live picture in time with it.

import { subscribe } from "./socket.js";

const KEPT_S = 6, FRESH_S = 0.8, AHEAD_S = 0.6;
const COLOURS = { person: "#7eb0ff", vehicle: "#c79bff", animal: "#68d39c", other: "#ffd23f", motion: "#f3b04f" };
const VEHICLES = new Set(["bicycle", "car", "motorcycle", "bus", "truck", "boat"]);
const ANIMALS = new Set(["bird", "cat", "dog", "horse", "sheep", "cow", "bear"]);

function family(label) {
  if (label === "person") return "person";
  return VEHICLES.has(label) ? "vehicle" : ANIMALS.has(label) ? "animal" : "other";
}

const between = (a, b, share) => a.map((value, i) => value + (b[i] - value) * share);

export class Overlay {
  #canvas; #video; #camera; #seen = []; #subscription = null; #zones = []; #showZones = false; #utcS = 0; #observer;

  constructor(canvas, video, cameraId) {
    this.#canvas = canvas;
    this.#video = video;
    this.#camera = cameraId;
    this.#observer = new ResizeObserver(() => this.draw());
    this.#observer.observe(canvas);
  }

  setBoxes(on) {
    if (on === Boolean(this.#subscription)) return;
    this.#subscription?.close();
    this.#seen = [];
    this.#subscription = on ? subscribe({ camera: this.#camera, stream: "boxes" }, { boxes: (found) => this.#take(found) }) : null;
    this.draw();
  }

  async setZones(on) {
    this.#showZones = on;
    if (on && !this.#zones.length) {
      const answer = await fetch(`/api/v1/cameras/${this.#camera}/zones`);
      if (answer.ok) this.#zones = await answer.json();
    }
    this.draw();
  }

  close() {
    this.#subscription?.close();
    this.#observer.disconnect();
    this.#showZones = false;
    this.#subscription = null;
    this.#seen = [];
    this.draw();
  }

  #take(found) {
    this.#seen.push(found);
    while (this.#seen[0].utc_s < found.utc_s - KEPT_S) this.#seen.shift();
  }

  // The picture of this moment is on the screen.
  draw(utcS = this.#utcS) {
    this.#utcS = utcS;
    const canvas = this.#canvas, ratio = devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, width, height);
    const { videoWidth, videoHeight } = this.#video;
    if (!videoWidth || !width) { canvas.dataset.drawn = "0"; return; }
    const scale = Math.min(width / videoWidth, height / videoHeight);
    const place = { x: (width - videoWidth * scale) / 2, y: (height - videoHeight * scale) / 2, w: videoWidth * scale, h: videoHeight * scale };
    pen.lineJoin = "round";
    if (this.#showZones) for (const zone of this.#zones) drawZone(pen, zone, place, ratio);
    canvas.dataset.drawn = String(this.#drawBoxes(pen, place, ratio));
  }

  #drawBoxes(pen, place, ratio) {
    const { boxes, motion } = this.#now();
    for (const box of motion) strokeBox(pen, box, place, { colour: COLOURS.motion, width: ratio, dash: [4 * ratio, 4 * ratio] });
    for (const { box, label, score } of boxes) {
      const colour = COLOURS[family(label)];
      strokeBox(pen, box, place, { colour, width: 2.5 * ratio, dash: [] });
      writeLabel(pen, `${label} ${Math.round(score * 100)} %`, place.x + box[0] * place.w, place.y + box[1] * place.h, colour, ratio);
    }
    return boxes.length;
  }

  // What is where now, as shares of the picture: between two looks, objects are on their way; after the newest,
  // for a moment, they are thought to go on as before.
  #now() {
    const later = this.#seen.findIndex((found) => found.utc_s > this.#utcS + 0.001);
    const before = later < 0 ? this.#seen.at(-1) : this.#seen[later - 1];
    const after = later < 0 ? this.#seen.at(-2) : this.#seen[later];
    if (!before || this.#utcS - before.utc_s > FRESH_S) return { boxes: [], motion: [] };
    const apart = after ? after.utc_s - before.utc_s : 0, gone = this.#utcS - before.utc_s;
    const share = apart && Math.abs(apart) < FRESH_S ? (apart > 0 ? gone : Math.min(gone, AHEAD_S)) / apart : 0;
    const next = new Map((share ? after.boxes : []).map((found) => [found.id, found]));
    const relative = ([x, y, w, h]) => [x / before.width, y / before.height, w / before.width, h / before.height];
    const boxes = before.boxes.map((found) => {
      const box = next.has(found.id) ? between(found.box, next.get(found.id).box, share) : found.box;
      return { ...found, box: relative(box) };
    });
    return { boxes, motion: before.motion.map(relative) };
  }
}

function strokeBox(pen, [x, y, w, h], place, { colour, width, dash }) {
  pen.setLineDash(dash);
  for (const [style, extra] of [["rgb(0 0 0 / .55)", 2], [colour, 0]]) {
    pen.strokeStyle = style;
    pen.lineWidth = width + extra;
    pen.strokeRect(place.x + x * place.w, place.y + y * place.h, w * place.w, h * place.h);
  }
  pen.setLineDash([]);
}

function writeLabel(pen, text, x, y, colour, ratio) {
  pen.font = `600 ${13 * ratio}px system-ui, sans-serif`;
  const wide = pen.measureText(text).width + 10 * ratio, tall = 19 * ratio, top = y > tall ? y - tall : y;
  pen.fillStyle = colour;
  pen.fillRect(x - ratio, top, wide, tall);
  pen.fillStyle = "#0d1420";
  pen.textBaseline = "middle";
  pen.fillText(text, x + 4 * ratio, top + tall / 2 + ratio / 2);
}

function drawZone(pen, zone, place, ratio) {
  const colour = zone.colour || (zone.kind === "exclude" ? "#ff8d84" : "#5fd394");
  pen.beginPath();
  zone.polygon.forEach(([x, y], i) => pen[i ? "lineTo" : "moveTo"](place.x + x * place.w, place.y + y * place.h));
  pen.closePath();
  pen.fillStyle = `${colour}22`;
  pen.fill();
  pen.strokeStyle = colour;
  pen.lineWidth = 1.5 * ratio;
  pen.stroke();
  const [x, y] = zone.polygon.reduce((top, point) => (point[1] < top[1] ? point : top));
  writeLabel(pen, zone.name, place.x + x * place.w, place.y + y * place.h + 20 * ratio, colour, ratio);
}
