// Draws the time line: one lane for each camera, with what was recorded, how much moved, and the events.

import { clock } from "./times.js";

const LANE = 58, GAP = 6, SCALE = 22, MARKS = 15, FLOOR = 7, HEAD = 4;
const families = JSON.parse(document.getElementById("families")?.textContent ?? "{}");

export function family({ kind, label }) {
  if (kind === "motion") return "motion";
  if (label === "person") return "person";
  return Object.keys(families).find((name) => families[name].includes(label)) ?? "other";
}

export const heightOf = (lanes) => HEAD + lanes * (LANE + GAP) - GAP + SCALE;

// The lane at a height; the nearest one when it is none.
export const laneAt = (y, lanes) => Math.min(Math.max(Math.floor((y - HEAD) / (LANE + GAP)), 0), lanes - 1);

const NAMES = ["soft", "recorded", "motion", "person", "vehicle", "animal", "other", "text", "quiet", "line", "accent", "panel", "rec"];

export class Strip {
  constructor(canvas, window, tracks) {
    Object.assign(this, { canvas, window, tracks, cursor: null, now: null, span: null, colours: {}, wanted: false });
    this.readColours();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { this.readColours(); this.draw(); });
  }

  get width() { return this.canvas.clientWidth; }

  readColours() {
    const style = getComputedStyle(document.documentElement);
    for (const name of NAMES) this.colours[name] = style.getPropertyValue(`--${name}`).trim();
  }

  // Draws with the next picture of the screen; many calls are one.
  draw() {
    if (this.wanted) return;
    this.wanted = true;
    requestAnimationFrame(() => { this.wanted = false; this.paint(); });
  }

  paint() {
    const ratio = devicePixelRatio || 1, width = this.width, height = heightOf(this.tracks.length);
    this.canvas.style.height = `${height}px`;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    this.tracks.forEach((track, number) => this.lane(pen, track, HEAD + number * (LANE + GAP), width));
    this.scale(pen, width, height);
    if (this.span) this.chosen(pen, width, height - SCALE);
    if (this.now !== null && this.window.has(this.now)) this.pole(pen, this.now, height, this.colours.rec, 1);
    if (this.cursor !== null && this.window.has(this.cursor)) this.pole(pen, this.cursor, height, this.colours.text, 2);
  }

  x(seconds) { return this.window.share(seconds) * this.width; }

  lane(pen, track, top, width) {
    pen.save();
    pen.beginPath();
    pen.roundRect(0, top, width, LANE, 5);
    pen.clip();
    pen.fillStyle = this.colours.soft;
    pen.fillRect(0, top, width, LANE);
    pen.fillStyle = this.colours.recorded;
    for (const [from, to] of track.spans) {
      const left = this.x(from), right = Math.max(this.x(to), left + 1);
      if (right < 0 || left > width) continue;
      pen.globalAlpha = 0.28;
      pen.fillRect(left, top, right - left, LANE);
      pen.globalAlpha = 1;
      pen.fillRect(left, top + LANE - FLOOR, right - left, FLOOR);
    }
    this.density(pen, track, top, width);
    this.events(pen, track, top, width);
    if (this.tracks.length > 1) this.name(pen, track, top);
    pen.restore();
  }

  name(pen, track, top) {
    pen.font = "12px system-ui, sans-serif";
    pen.textAlign = "left";
    pen.fillStyle = this.colours.panel;
    pen.globalAlpha = 0.8;
    pen.beginPath();
    pen.roundRect(4, top + 20, pen.measureText(track.name).width + 12, 18, 9);
    pen.fill();
    pen.globalAlpha = 1;
    pen.fillStyle = this.colours.text;
    pen.fillText(track.name, 10, top + 33);
  }

  density(pen, track, top, width) {
    pen.fillStyle = this.colours.motion;
    const room = LANE - FLOOR - MARKS - 3, floor = top + LANE - FLOOR;
    track.density.forEach((share, number) => {
      if (!share) return;
      const from = track.start + number * track.step, left = this.x(from), right = this.x(from + track.step);
      if (right < 0 || left > width) return;
      const height = Math.max(2, Math.min(1, Math.sqrt(share) * 1.25) * room);
      pen.fillRect(left, floor - height, Math.max(right - left - (right - left > 4 ? 1 : 0), 1), height);
    });
  }

  events(pen, track, top, width) {
    for (const mark of track.events) {
      const left = this.x(mark.start), right = Math.max(this.x(mark.end), left + 3);
      if (right < 0 || left > width) continue;
      pen.fillStyle = this.colours[family(mark)];
      pen.beginPath();
      pen.roundRect(left, top + 3, right - left, MARKS - 4, 2);
      pen.fill();
    }
  }

  scale(pen, width, height) {
    const { step, moments } = this.window.ticks(width, 64);
    pen.font = "12px system-ui, sans-serif";
    pen.textAlign = "center";
    for (const at of moments) {
      const x = this.x(at), text = clock(at);
      pen.fillStyle = this.colours.line;
      pen.globalAlpha = 0.7;
      pen.fillRect(Math.round(x), HEAD, 1, height - SCALE - HEAD);
      pen.globalAlpha = 1;
      pen.fillStyle = this.colours.quiet;
      pen.fillText(step < 60 ? text : text.slice(0, 5), Math.min(Math.max(x, 20), width - 20), height - 6);
    }
  }

  chosen(pen, width, bottom) {
    const left = this.x(this.span.from), right = this.x(this.span.to);
    pen.fillStyle = this.colours.accent;
    pen.globalAlpha = 0.16;
    pen.fillRect(left, 0, right - left, bottom);
    pen.globalAlpha = 1;
    for (const x of [left, right]) {
      pen.fillRect(x - 1, 0, 2, bottom);
      pen.beginPath();
      pen.roundRect(x - 5, bottom / 2 - 13, 10, 26, 5);
      pen.fill();
    }
  }

  pole(pen, seconds, height, colour, thick) {
    const x = this.x(seconds);
    pen.fillStyle = colour;
    pen.fillRect(x - thick / 2, 0, thick, height - SCALE);
    if (thick < 2) return;
    pen.beginPath();
    pen.moveTo(x - 6, 0);
    pen.lineTo(x + 6, 0);
    pen.lineTo(x, 7);
    pen.fill();
  }
}
