// What was recorded by each camera in the stretch that is shown: spans, motion, events. Asked for as the
// window moves, with a margin, at a step that fits the screen.

import { iso } from "./times.js";

const MARGIN = 0.5, SOON_MS = 120, STEPS_S = [1, 2, 5, 10, 20, 30, 60, 120];
const MOST_STEPS = 3000;

export async function json(address, options) {
  const answer = await fetch(address, options);
  if (answer.status === 401) location.reload();
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? `The server answers ${answer.status}.`);
  return answer.status === 204 ? null : answer.json();
}

const seconds = (text) => Date.parse(text) / 1000;

export class Track {
  constructor(camera, name) {
    this.camera = camera;
    this.name = name;
    this.clear();
  }

  clear() { Object.assign(this, { start: 0, end: 0, step: 0, spans: [], density: [], events: [] }); }

  get base() { return `/api/v1/cameras/${encodeURIComponent(this.camera)}`; }

  // Whether this moment is recorded, as far as is known.
  covers(at) { return this.spans.some(([from, to]) => at >= from && at < to); }

  fits(window, step) { return step === this.step && this.start <= window.start && this.end >= window.end; }

  async load(start, end, step) {
    const found = await json(`${this.base}/timeline?from=${iso(start)}&to=${iso(end)}&step=${step}`);
    Object.assign(this, { start, end, step, density: found.density });
    this.spans = found.spans.map((span) => [seconds(span.start), seconds(span.end)]);
    this.events = found.events.map((mark) => ({ ...mark, start: seconds(mark.start), end: seconds(mark.end) }));
  }

  // When recording goes on after a moment; null when it does not within three days.
  async next(at) {
    const found = await json(`${this.base}/timeline?from=${iso(at)}&to=${iso(at + 3 * 86400)}&step=86400`);
    return found.spans.length ? Math.max(at, seconds(found.spans[0].start)) : null;
  }

  async frames(from, to) { return json(`${this.base}/frames?from=${iso(from)}&to=${iso(to)}`); }
}

// Keeps all tracks filled around a window; calls `changed` when they are.
export class Tracks {
  constructor(list, window, changed) {
    this.list = list;
    this.failed = "";
    this.loaded = false;
    this.window = window;
    this.changed = changed;
    this.timer = 0;
    this.round = 0;
  }

  stepFor(width) {
    const wanted = (this.window.length / Math.max(width, 300)) * 2;
    return STEPS_S.find((step) => step >= wanted && (this.window.length * (1 + 2 * MARGIN)) / step <= MOST_STEPS) ?? 120;
  }

  // The window has moved: ask for what is missing, soon.
  moved(width) {
    const step = this.stepFor(width);
    if (this.list.every((track) => track.fits(this.window, step))) return;
    this.again(width, SOON_MS);
  }

  again(width, afterMs = 0) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fill(this.stepFor(width)), afterMs);
  }

  async fill(step) {
    const round = ++this.round;
    const margin = Math.min(this.window.length * MARGIN, 12 * 3600);
    const start = Math.floor((this.window.start - margin) / step) * step;
    const end = Math.ceil((this.window.end + margin) / step) * step;
    try {
      await Promise.all(this.list.map((track) => track.load(start, end, step)));
      this.failed = "";
      this.loaded = true;
    } catch (error) {
      this.failed = error.message;
    }
    if (round === this.round) this.changed();
  }
}
