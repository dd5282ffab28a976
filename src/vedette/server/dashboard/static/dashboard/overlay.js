// The box and the path of an event over its clip, in time with it.

const AROUND_S = 0.6;
const seconds = (part) => part.utc_s ?? Date.parse(part.start) / 1000;

// Where a moment stands in the clip, in seconds; moments that were not recorded lie at the next cut.
export function clipAt(timeline, utcS) {
  let at = 0;
  for (const part of timeline) {
    const from = seconds(part);
    if (utcS < from) return part.clip_s;
    at = part.clip_s + Math.min(utcS - from, part.duration_s);
    if (utcS <= from + part.duration_s) return at;
  }
  return at;
}

// What time it was at a place in the clip.
export function utcAt(timeline, clipS) {
  const part = timeline.findLast((found) => found.clip_s <= clipS + 0.001) ?? timeline[0];
  return part ? seconds(part) + clipS - part.clip_s : 0;
}

export class Overlay {
  constructor(clip, canvas, event, timeline) {
    Object.assign(this, { clip, canvas, event, timeline, box: true, path: true });
    this.points = (event.path ?? []).map((point) => Array.isArray(point)
      ? { utcS: point[0], box: point[1] } : { utcS: point.utc_s ?? Date.parse(point.utc ?? point.time) / 1000, box: point.box });
    new ResizeObserver(() => this.draw()).observe(canvas);
    for (const kind of ["seeked", "loadeddata", "timeupdate"]) clip.addEventListener(kind, () => this.draw());
    this.follow();
  }

  // Every picture that is shown, where the browser tells; otherwise with the clock of the clip.
  follow() {
    this.clip.requestVideoFrameCallback?.((_now, { mediaTime }) => { this.draw(mediaTime); this.follow(); });
  }

  boxAt(utcS) {
    const after = this.points.findIndex((point) => point.utcS >= utcS), next = this.points[after];
    const before = this.points[after < 0 ? this.points.length - 1 : after - 1];
    if (!before || !next) {
      const only = before ?? next;
      return only && Math.abs(only.utcS - utcS) < AROUND_S ? only.box : null;
    }
    const share = (utcS - before.utcS) / (next.utcS - before.utcS || 1);
    return before.box.map((value, i) => value + (next.box[i] - value) * share);
  }

  draw(clipS = this.clip.currentTime) {
    const { canvas, clip, event } = this, ratio = devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, width, height);
    if (!clip.videoWidth || !event.width || !width) return;
    const scale = Math.min(width / clip.videoWidth, height / clip.videoHeight);
    const wide = clip.videoWidth * scale, tall = clip.videoHeight * scale;
    const x = (value) => (width - wide) / 2 + (value / event.width) * wide, y = (value) => (height - tall) / 2 + (value / event.height) * tall;
    const utcS = utcAt(this.timeline, clipS);
    pen.lineJoin = pen.lineCap = "round";
    if (this.path) this.drawPath(pen, utcS, x, y, ratio);
    const box = this.box && this.boxAt(utcS);
    if (!box) return;
    pen.strokeStyle = "#ffd23f";
    pen.lineWidth = 2.5 * ratio;
    pen.strokeRect(x(box[0]), y(box[1]), (box[2] / event.width) * wide, (box[3] / event.height) * tall);
  }

  drawPath(pen, utcS, x, y, ratio) {
    pen.strokeStyle = "#4de1ff";
    pen.lineWidth = 2 * ratio;
    pen.beginPath();
    for (const { utcS: at, box } of this.points) if (at <= utcS) pen.lineTo(x(box[0] + box[2] / 2), y(box[1] + box[3]));
    pen.stroke();
  }
}
