// Boxes and path of an event, drawn over its clip in time with the picture.
//
// The event's path says where the object was when (UTC); the clip's timeline says which moment is shown when.

const GAP_S = 3, NEAR_S = 0.1;
const YELLOW = "#ffd23f", CYAN = "#4de1ff";

// UTC of a second of the clip; stretches that were not recorded are closed up.
export function utcAt(timeline, clipS) {
  const part = timeline.findLast((stretch) => stretch.clip_s <= clipS + 0.001) ?? timeline[0];
  return part.utc_s + (clipS - part.clip_s);
}

// The second of the clip at which a moment is shown; the next recorded one when it was not.
export function clipAt(timeline, utcS) {
  const part = timeline.find((stretch) => utcS < stretch.utc_s + stretch.duration_s) ?? timeline.at(-1);
  return part.clip_s + Math.min(Math.max(utcS - part.utc_s, 0), part.duration_s);
}

// The box at a moment, between the two nearest points of the path; null where the object was not seen.
export function boxAt(path, utcS, gapS) {
  const after = path.findIndex(([at]) => at >= utcS);
  const alone = after < 0 ? path.at(-1) : after === 0 ? path[0] : null;
  if (alone || !path.length) return alone && Math.abs(alone[0] - utcS) < NEAR_S ? alone[1] : null;
  const [from, first] = path[after - 1], [to, second] = path[after];
  if (to - from > gapS) return null;
  const share = (utcS - from) / (to - from);
  return first.map((value, side) => value + share * (second[side] - value));
}

// Long paths are thinned out: what counts as a gap grows with the usual distance of their points.
export function gapOf(path) {
  const steps = path.slice(1).map(([at], place) => at - path[place][0]).sort((one, other) => one - other);
  return Math.max(GAP_S, 3 * (steps[steps.length >> 1] ?? 0));
}

// Where the picture lies in the element that shows it: the whole of it, centred.
function placed(video) {
  const scale = Math.min(video.clientWidth / video.videoWidth, video.clientHeight / video.videoHeight);
  const width = video.videoWidth * scale, height = video.videoHeight * scale;
  return { x: (video.clientWidth - width) / 2, y: (video.clientHeight - height) / 2, width, height };
}

export class Overlay {
  box = true;
  path = true;
  #video; #canvas; #event; #timeline; #gapS; #shownS = 0;

  constructor(video, canvas, event, timeline) {
    [this.#video, this.#canvas, this.#event, this.#timeline] = [video, canvas, event, timeline];
    this.#gapS = gapOf(event.path);
    new ResizeObserver(() => this.draw()).observe(video);
    if ("requestVideoFrameCallback" in video) this.#eachFrame();
    else for (const kind of ["timeupdate", "seeked", "loadeddata"]) video.addEventListener(kind, () => this.draw(video.currentTime));
  }

  #eachFrame() {
    this.#video.requestVideoFrameCallback((_, frame) => {
      this.draw(frame.mediaTime);
      this.#eachFrame();
    });
  }

  draw(shownS = this.#shownS) {
    this.#shownS = shownS;
    const { clientWidth, clientHeight, videoWidth } = this.#video, ratio = devicePixelRatio || 1;
    const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
    if (this.#canvas.width !== width || this.#canvas.height !== height) Object.assign(this.#canvas, { width, height });
    const pen = this.#canvas.getContext("2d");
    pen.clearRect(0, 0, width, height);
    if (!videoWidth || !this.#event.width) return;
    const area = placed(this.#video);
    const x = (value) => (area.x + (value / this.#event.width) * area.width) * ratio;
    const y = (value) => (area.y + (value / this.#event.height) * area.height) * ratio;
    const utcS = utcAt(this.#timeline, shownS);
    const box = boxAt(this.#event.path, utcS, this.#gapS);
    pen.lineJoin = pen.lineCap = "round";
    if (this.path) this.#drawPath(pen, x, y, utcS, box, ratio);
    this.#canvas.dataset.box = box ? box.map(Math.round).join(" ") : "";
    if (!box || !this.box) return;
    pen.strokeStyle = YELLOW;
    pen.lineWidth = 2.5 * ratio;
    pen.strokeRect(x(box[0]), y(box[1]), x(box[0] + box[2]) - x(box[0]), y(box[1] + box[3]) - y(box[1]));
  }

  // Where it has walked so far: the feet, dashed where it was out of sight.
  #drawPath(pen, x, y, utcS, box, ratio) {
    const path = this.#event.path.filter(([at]) => at <= utcS);
    if (box) path.push([utcS, box]);
    pen.strokeStyle = CYAN;
    pen.lineWidth = 2 * ratio;
    for (let place = 1; place < path.length; place += 1) {
      const [[from, first], [to, second]] = [path[place - 1], path[place]];
      pen.setLineDash(to - from > this.#gapS ? [4 * ratio, 6 * ratio] : []);
      pen.beginPath();
      pen.moveTo(x(first[0] + first[2] / 2), y(first[1] + first[3]));
      pen.lineTo(x(second[0] + second[2] / 2), y(second[1] + second[3]));
      pen.stroke();
    }
    pen.setLineDash([]);
  }
}
