// The picture under the pointer: one request at a time, always for the place where the pointer is now.

import { clock, iso } from "./times.js";
import { roundStep } from "./window.js";

const WIDTH = 240, PIXELS = 3;

export class Peek {
  constructor(box, window) {
    this.box = box;
    this.image = box.querySelector("img");
    this.words = box.querySelector("output");
    this.window = window;
    this.shown = this.wanted = "";
    this.busy = false;
    this.loader = new Image();
    this.loader.addEventListener("load", () => this.arrived(true));
    this.loader.addEventListener("error", () => this.arrived(false));
  }

  // Shows the picture of a moment above `x` of `width` pixels.
  at(track, seconds, x, width) {
    const step = Math.min(roundStep((this.window.length / width) * PIXELS) / 2, 60);
    const covered = track.covers(seconds);
    this.words.textContent = covered ? clock(seconds) : `${clock(seconds)} · not recorded`;
    this.box.hidden = false;
    const half = Math.min(WIDTH / 2, width / 2);
    this.box.style.left = `${Math.min(Math.max(x, half), width - half)}px`;
    const quiet = Math.floor(seconds / step) * step;
    const place = covered ? `${track.base}/still?at=${iso(track.covers(quiet) ? quiet : seconds)}&width=${WIDTH}` : "";
    this.image.hidden = !covered || (this.image.hidden && this.shown !== place);
    if (place !== this.wanted) { this.wanted = place; this.ask(); }
  }

  leave() {
    this.box.hidden = true;
    this.wanted = "";
  }

  ask() {
    if (this.busy || !this.wanted || this.wanted === this.shown) return;
    this.busy = true;
    this.asked = this.wanted;
    this.loader.src = this.asked;
  }

  arrived(well) {
    this.busy = false;
    if (well && this.wanted) {
      this.image.src = this.loader.src;
      this.image.hidden = false;
      this.shown = this.asked;
      this.box.dataset.at = this.asked;
    }
    if (this.wanted !== this.asked) this.ask();
  }
}
