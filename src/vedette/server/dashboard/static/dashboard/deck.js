// One camera's recording: plays clips of unbroken stretches on two players that take turns, so that the next
// stretch is ready before the last one ends. Above four times the speed, clips of keyframes alone are played.
// A format that the browser cannot play is shown picture by picture.

import { json } from "./tracks.js";
import { iso, now } from "./times.js";

const CLIP_S = 300, FAST_CLIP_S = 1800, FAST = 4, AHEAD_S = 15, NEAR_S = 0.02, SCRAP_S = 0.05, TOGETHER_S = 1.5;
const EDGE_S = 15, EDGE_WAIT_MS = 2500, EDGE_LEAST_S = 4;
const STILL_PX = 640;

export class Deck {
  constructor(figure, track) {
    this.track = track;
    this.figure = figure;
    this.players = [...figure.querySelectorAll("video")];
    this.image = figure.querySelector("img");
    this.words = figure.querySelector(".said");
    this.clip = this.following = null;
    this.emptyTo = -Infinity;
    this.loading = this.pictures = false;
    this.muted = true;
    this.ticket = 0;
    this.retryMs = 0;
    this.stillOf = "";
    this.ended = () => {};
    for (const player of this.players) {
      player.addEventListener("ended", () => { if (player === this.player) this.ended(); });
      player.addEventListener("error", () => this.failed(player));
      player.addEventListener("loadedmetadata", () => { if (!player.videoWidth) this.showPictures(); });
      player.addEventListener("seeked", () => this.uncover());
      player.addEventListener("loadeddata", () => this.uncover());
    }
  }

  get player() { return this.players[0]; }

  get speed() { return this.fast ? "fast" : "slow"; }

  position() { return this.clip ? this.clip.start + this.player.currentTime : null; }

  inside(clip, at) { return clip && clip.speed === this.speed && at >= clip.start - NEAR_S && at < clip.end - NEAR_S; }

  // ready: a picture of this moment is there; loading: it will be; gap: nothing was recorded.
  state(at) {
    if (this.pictures) return this.track.covers(at) ? "ready" : "gap";
    if (this.inside(this.clip, at)) return this.player.readyState >= 2 && !this.player.seeking ? "ready" : "loading";
    if (this.inside(this.following, at)) return "loading";
    if (this.following && this.following.start > at && this.following.askedAt <= at) return "gap";
    return this.loading || this.emptyTo <= at ? "loading" : "gap";
  }

  // Where recording goes on after a gap, when that is known already.
  get goesOnAt() { return this.following?.start ?? null; }

  // Makes sure that the clip of a moment is there or on its way, and the one after it in time.
  arrange(at, rate) {
    this.fast = rate > FAST;
    if (this.pictures) return this.showStill(at);
    if (this.inside(this.clip, at)) {
      if (this.clip.end - at < AHEAD_S * Math.max(rate, 1) && !this.following) this.prepare(this.clip.end);
    } else if (this.inside(this.following, at)) {
      this.swap(at);
    } else if (!(this.following && this.following.speed === this.speed && this.following.askedAt <= at && this.following.start > at)) {
      this.prepare(at);
    }
    return undefined;
  }

  async prepare(at) {
    if (this.loading && Math.abs(this.asked - at) < 1 && this.askedSpeed === this.speed) return;
    if (performance.now() < this.retryMs || (at >= this.emptyFrom && at < this.emptyTo)) return;
    const ticket = ++this.ticket, long = this.fast ? FAST_CLIP_S : CLIP_S;
    Object.assign(this, { loading: true, asked: at, askedSpeed: this.speed, following: null });
    try {
      const clip = await this.describe(at, at + long);
      if (ticket !== this.ticket) return;
      this.take(clip, at, long);
    } catch (error) {
      this.say(error.message);
      this.retryMs = performance.now() + EDGE_WAIT_MS;
    } finally {
      if (ticket === this.ticket) this.loading = false;
    }
  }

  take(clip, at, long) {
    const found = clip && clip.end - at > SCRAP_S ? clip : null;
    const enough = found && found.end - Math.max(at, found.start) > EDGE_LEAST_S;
    const atEdge = !enough && !found?.more && now() - (found?.end ?? at) < EDGE_S;
    if (atEdge) this.retryMs = performance.now() + EDGE_WAIT_MS;
    else if (!found) Object.assign(this, { emptyFrom: at, emptyTo: at + long });
    if (!found || atEdge) return;
    this.following = found;
    const player = this.players[1];
    player.src = found.address;
    player.muted = true;
  }

  // The unbroken stretch at or after a moment: where it begins and ends, and its address.
  async describe(at, end) {
    const keyframes = this.fast ? "&keyframes=true" : "", speed = this.speed;
    const found = await json(`${this.track.base}/clip?start=${iso(at)}&end=${iso(end)}${keyframes}`);
    if (!found.timeline.length) return null;
    const first = found.timeline[0], start = Date.parse(first.start) / 1000, stop = start + first.duration_s;
    const address = `${this.track.base}/clip.mp4?start=${iso(Math.max(start, at))}&end=${iso(stop)}${keyframes}`;
    return { start, end: stop, address, speed, askedAt: at, more: found.timeline.length > 1 };
  }

  swap(at) {
    const [old, fresh] = this.players, playing = !old.paused && !old.ended || this.going;
    this.players = [fresh, old];
    this.clip = this.following;
    this.following = null;
    fresh.muted = this.muted;
    fresh.defaultPlaybackRate = fresh.playbackRate = old.playbackRate;
    if (Math.abs(at - this.clip.start) > NEAR_S) fresh.currentTime = Math.max(0, at - this.clip.start);
    if (playing) fresh.play().catch(() => {});
    fresh.hidden = false;
    fresh.removeAttribute("aria-hidden");
    old.hidden = true;
    old.setAttribute("aria-hidden", "true");
    old.pause();
    this.uncover();
  }

  // Whether the next clip follows without a gap.
  get goesOn() { return this.following !== null && this.clip !== null && this.following.start - this.clip.end < TOGETHER_S; }

  go(rate) {
    this.going = true;
    if (this.pictures || !this.clip) return;
    if (this.player.playbackRate !== rate) this.player.playbackRate = rate;
    if (this.player.paused && !this.player.ended) this.player.play().catch(() => {});
  }

  halt() {
    this.going = false;
    if (!this.player.paused) this.player.pause();
  }

  // Goes to a moment at once: the still of it is there long before the player is.
  seek(at) {
    this.retryMs = 0;
    this.emptyTo = -Infinity;
    if (this.inside(this.clip, at)) this.player.currentTime = Math.max(0, at - this.clip.start);
    else this.following = null;
    if (!this.pictures) this.showStill(at);
  }

  // Keeps step with the clock: a little faster or slower, or a jump when far off.
  chase(at, rate) {
    if (this.pictures || !this.inside(this.clip, at)) return;
    const ahead = this.position() - at;
    if (Math.abs(ahead) > Math.max(0.6, 0.5 * rate)) this.player.currentTime = Math.max(0, at - this.clip.start);
    else this.player.playbackRate = rate * (1 - (Math.abs(ahead) > 0.03 * rate ? Math.min(Math.max(ahead / rate, -0.15), 0.15) : 0));
  }

  showStill(at) {
    const width = STILL_PX, step = this.pictures ? 0.5 : 0.1;
    const address = `${this.track.base}/still?at=${iso(Math.floor(at / step) * step)}&width=${width}`;
    if (this.busy || this.stillOf === address || !this.track.covers(at) || !this.track.covers(Math.floor(at / step) * step)) return;
    this.busy = true;
    const image = new Image();
    image.addEventListener("load", () => {
      this.busy = false;
      if (!this.pictures && this.player.readyState >= 2 && !this.player.seeking && this.clip) return;
      this.stillOf = address;
      this.image.src = address;
      this.image.hidden = false;
    });
    image.addEventListener("error", () => { this.busy = false; });
    image.src = address;
  }

  uncover() {
    if (this.pictures || !this.clip || this.player.seeking || this.player.readyState < 2) return;
    this.image.hidden = true;
    this.stillOf = "";
  }

  // The clip is there, but cannot be played; or it is gone, or the server is, and another try may help.
  async failed(player) {
    const clip = player === this.player ? this.clip : this.following;
    if (!clip || !player.error || player.error.code === MediaError.MEDIA_ERR_ABORTED) return;
    const there = await fetch(clip.address, { method: "HEAD" }).then((answer) => answer.ok, () => false);
    if (there && player.error && player.error.code !== MediaError.MEDIA_ERR_NETWORK) return this.showPictures();
    this.retryMs = performance.now() + EDGE_WAIT_MS;
    if (clip === this.clip) this.clip = null;
    if (clip === this.following) this.following = null;
  }

  showPictures() {
    this.pictures = true;
    for (const player of this.players) player.hidden = true;
  }

  say(words) { if (this.words.textContent !== words) this.words.textContent = words; }

  tell(at, playing) {
    const state = this.state(at);
    this.figure.dataset.state = state;
    if (state === "gap") {
      this.image.hidden = true;
      this.say("Nothing was recorded at this time.");
    } else if (this.pictures) this.say("This browser cannot play the camera's video format. Its keyframes are shown.");
    else if (state === "loading" && playing && performance.now() < this.retryMs) this.say("Waiting for the recording to go on…");
    else this.say("");
    this.player.style.visibility = state === "gap" ? "hidden" : "";
  }
}
