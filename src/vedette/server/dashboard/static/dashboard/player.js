// Plays a camera's live stream in a video element by Media Source Extensions, less than a second behind it.
//
// A browser that cannot play the main stream (H.265) is given the sub stream; one that can play neither sees
// stills, and a word about it.

import { subscribe } from "./socket.js";
import { clock } from "./times.js";

const Source = globalThis.MediaSource ?? globalThis.ManagedMediaSource;
const FAR_S = 2.5, LEAD_S = 0.12, MOST_LEAD_S = 1, KEPT_S = 8, SILENT_MS = 3000, KEEP_UP_MS = 200;
const STILL_MS = 1000, FIRST_RETRY_MS = 500, LONGEST_RETRY_MS = 8000, ANCHORS = 400;
const CODECS = { hvc1: "H.265", hev1: "H.265", av01: "AV1", vp09: "VP9", avc1: "H.264" };

const named = (codecs) => CODECS[codecs.slice(0, 4)] ?? codecs;
const playable = (kind, codecs) => Boolean(Source?.isTypeSupported(`${kind}/mp4; codecs="${codecs}"`));

const WORDS = {
  connecting: () => "Connecting…",
  playing: () => "Live",
  offline: () => "Vedette does not answer. Trying again…",
  denied: () => "You are not logged in any more.",
  gone: () => "There is no such camera, or not for you.",
  off: () => "Switched off",
  ended: () => "The recording that played here has ended.",
  lost: ({ since, message }) => `No connection${since ? `, no picture since ${clock(since)}` : ""}.${message ? ` ${message}` : ""}`,
  stalled: ({ since }) => (since ? `No picture since ${clock(since)}.` : "Waiting for a picture…"),
  stills: ({ reason }) => `${reason} Showing stills.`,
};

class Track {
  constructor(kind, fail) {
    this.kind = kind;
    this.queue = [];
    this.buffer = null;
    this.fail = fail;
  }
  open(source, codecs, done) {
    this.buffer = source.addSourceBuffer(`${this.kind}/mp4; codecs="${codecs}"`);
    this.buffer.addEventListener("updateend", () => { this.pump(); done(); });
    this.buffer.addEventListener("error", () => this.fail(`${this.kind} buffer`));
    this.pump();
  }
  add(data) {
    this.queue.push(data);
    this.pump();
  }
  pump() {
    if (!this.buffer || this.buffer.updating || !this.queue.length) return;
    const data = this.queue.length === 1 ? this.queue[0] : joined(this.queue);
    this.queue = [];
    try {
      this.buffer.appendBuffer(data);
    } catch (error) {
      if (error.name === "QuotaExceededError" && this.trim(0)) this.queue = [data];
      else this.fail(error.name);
    }
  }
  // Forget what was played long ago; true when there was something to forget.
  trim(before) {
    if (!this.buffer || this.buffer.updating || !this.buffer.buffered.length) return false;
    const start = this.buffer.buffered.start(0), end = before || this.buffer.buffered.end(0) - 2;
    if (end - start < (before ? KEPT_S : 0.5)) return false;
    this.buffer.remove(start, end);
    return true;
  }
  get end() {
    const ranges = this.buffer?.buffered;
    return ranges?.length ? ranges.end(ranges.length - 1) : 0;
  }
}

function joined(pieces) {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) { whole.set(piece, at); at += piece.length; }
  return whole;
}

export class LivePlayer {
  #video; #camera; #onState; #onFrame; #streams; #choice = 0; #sound; #subscription = null;
  #source = null; #address = ""; #tracks = {}; #anchors = []; #frameS = 0.1; #lead = LEAD_S;
  #arrivedAt = 0; #last = 0; #cameraState = "waiting"; #message = ""; #offline = false; #end = ""; #reason = "";
  #told = ""; #timer = 0; #retry = 0; #retryMs = FIRST_RETRY_MS; #still = 0; #stillAddress = ""; #closed = false;
  #hasSound = false; #begun = false; #watching = 0; #askedAt = performance.now(); #listeners = new AbortController();

  // stream: "main" (the default) or "sub": which one is tried first.
  constructor(video, cameraId, { sound = false, stream = "main", onState = () => {}, onFrame = () => {} } = {}) {
    this.#video = video;
    this.#camera = cameraId;
    this.#sound = sound;
    this.#onState = onState;
    this.#onFrame = onFrame;
    this.#streams = stream === "sub" ? ["sub", "main"] : ["main", "sub"];
    Object.assign(video, { muted: !sound, playsInline: true, autoplay: true, disableRemotePlayback: true });
    const { signal } = this.#listeners;
    video.addEventListener("error", () => { if (this.#source) this.#fail("decoder"); }, { signal });
    video.addEventListener("waiting", () => { if (this.#begun) this.#lead = Math.min(this.#lead + 0.1, MOST_LEAD_S); }, { signal });
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.#play(); }, { signal });
    this.#timer = setInterval(() => this.#keepUp(), KEEP_UP_MS);
    this.#subscribe();
  }

  get stream() { return this.#streams[this.#choice] ?? ""; }
  get hasSound() { return this.#hasSound; }
  // When the picture that is shown was taken, seconds since the epoch; 0 while there is none.
  get utcS() { return this.#begun ? this.#utcAt(this.#video.currentTime) : 0; }

  setSound(on) {
    if (on === this.#sound) return;
    this.#sound = on;
    this.#video.muted = !on;
    this.#subscribe();
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#retry);
    this.#listeners.abort();
    this.#subscription?.close();
    this.#stopStills();
    this.#tearDown();
  }

  // -- asking --

  #subscribe() {
    clearTimeout(this.#retry);
    this.#subscription?.close();
    this.#end = "";
    const on = {
      state: ({ state, message }) => { this.#cameraState = state; this.#message = message; this.#offline = false; this.#tell(); },
      init: (init) => this.#begin(init),
      head: (track, data) => this.#tracks[track]?.add(data),
      fragment: (fragment) => this.#take(fragment),
      end: (end) => this.#ended(end),
      lost: (denied) => { this.#offline = true; if (denied) this.#end = "denied"; this.#tell(); },
    };
    this.#subscription = subscribe({ camera: this.#camera, stream: this.stream, sound: this.#sound }, on);
    this.#tell();
  }

  #ended({ reason }) {
    if (reason === "no_camera") { this.#end = "gone"; this.#tearDown(); this.#tell(); return; }
    const off = this.#cameraState === "disabled" || this.#cameraState === "waiting";
    if (reason === "no_stream" && off && this.#choice === 0 && this.stream === "main") return this.#tell();
    this.#next(reason === "codec" ? "This camera's video cannot be played by browsers." : this.#reason);
  }

  // The next best stream; stills when there is none.
  #next(reason) {
    this.#reason ||= reason;
    if (this.#choice + 1 < this.#streams.length) {
      this.#choice += 1;
      this.#subscribe();
    } else {
      this.#startStills();
    }
  }

  #fail(what) {
    if (this.#closed) return;
    console.debug(`live view of ${this.#camera} starts again: ${what}`);
    this.#tearDown();
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#subscribe(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }

  // -- media --

  #begin(init) {
    if (!playable("video", init.video)) return this.#next(`This browser cannot play ${named(init.video)}.`);
    this.#stopStills();
    this.#tearDown();
    this.#hasSound = init.has_sound;
    const audio = this.#sound && init.audio && playable("audio", init.audio) ? init.audio : "";
    const fail = (what) => this.#fail(what), source = new Source();
    this.#source = source;
    this.#tracks = { video: new Track("video", fail), ...(audio && { audio: new Track("audio", fail) }) };
    source.addEventListener("sourceopen", () => {
      if (this.#source !== source) return;
      this.#tracks.video.open(source, init.video, () => this.#keepUp());
      this.#tracks.audio?.open(source, audio, () => {});
    }, { once: true });
    this.#address = URL.createObjectURL(source);
    this.#video.src = this.#address;
    this.#watchFrames();
  }

  #tearDown() {
    this.#begun = false;
    this.#anchors = [];
    this.#tracks = {};
    this.#source = null;
    this.#watching += 1;
    if (!this.#address) return;
    URL.revokeObjectURL(this.#address);
    this.#address = "";
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  #take(fragment) {
    this.#arrivedAt = performance.now();
    this.#offline = false;
    if (fragment.track === "video") {
      this.#anchors.push(fragment);
      if (this.#anchors.length > ANCHORS) this.#anchors.splice(0, ANCHORS / 2);
      this.#last = fragment.utcS + fragment.durationS;
      if (!fragment.keyframe) this.#frameS = Math.min(fragment.durationS, 1);
    }
    this.#tracks[fragment.track]?.add(fragment.data);
    fragment.data = null;
  }

  #utcAt(mediaS) {
    let found = this.#anchors[0];
    for (let i = this.#anchors.length - 1; i >= 0; i -= 1) {
      if (this.#anchors[i].mediaS <= mediaS + 0.001) { found = this.#anchors[i]; break; }
    }
    return found ? found.utcS + mediaS - found.mediaS : 0;
  }

  // Stay a moment behind the newest frame: by a gentle change of speed, and by a jump from far away.
  #keepUp() {
    this.#tell();
    const video = this.#video, ranges = video.buffered;
    if (!this.#source || !ranges.length) return;
    const start = ranges.start(ranges.length - 1), end = ranges.end(ranges.length - 1);
    const target = this.#frameS + this.#lead, lag = end - video.currentTime;
    if (!this.#begun || lag > Math.max(FAR_S, 2 * target) || video.currentTime < start || lag < -0.1) {
      if (!this.#begun || end - start > 0.05) video.currentTime = Math.max(start, end - target);
      this.#begun = true;
      this.#play();
      return;
    }
    const over = lag - target;
    video.playbackRate = over > 0.6 ? 1.15 : over > 0.15 ? 1.06 : over < -0.1 ? 0.96 : 1;
    this.#lead = Math.max(LEAD_S, this.#lead - 0.002);
    this.#tracks.video?.trim(video.currentTime - KEPT_S);
    const audio = this.#tracks.audio;
    audio?.trim(video.currentTime - KEPT_S);
    if (audio && this.#tracks.video.end - audio.end > 2) this.setSound(false);  // the sound has stopped coming
  }

  async #play() {
    if (!this.#source) return;
    try {
      await this.#video.play();
    } catch (error) {
      if (error.name === "NotAllowedError" && this.#sound) this.setSound(false);
    }
  }

  #watchFrames() {
    const mine = this.#watching, video = this.#video;
    if (!video.requestVideoFrameCallback) return;
    const next = (_now, { mediaTime }) => {
      if (mine !== this.#watching) return;
      const utcS = this.#utcAt(mediaTime);
      video.dataset.utc = utcS.toFixed(3);
      video.dataset.delayMs ??= "";
      video.dataset.delayMs = Math.round(Date.now() - utcS * 1000);
      video.dataset.firstPictureMs ??= Math.round(performance.now() - this.#askedAt);
      if (this.#begun) this.#retryMs = FIRST_RETRY_MS;
      this.#onFrame(utcS);
      video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
  }

  // -- stills, where nothing plays --

  #startStills() {
    if (this.#still || this.#closed) return;
    this.#tearDown();
    const round = async () => {
      if (!document.hidden) await this.#loadStill();
      if (!this.#closed && this.#still) this.#still = setTimeout(round, STILL_MS);
    };
    this.#still = setTimeout(round, 0);
    this.#tell();
  }

  async #loadStill() {
    try {
      const answer = await fetch(`/api/v1/live/${this.#camera}/still.jpg?width=1280`, { cache: "no-cache" });
      if (!answer.ok) return;
      this.#last = Number(answer.headers.get("X-Captured"));
      const address = URL.createObjectURL(await answer.blob());
      if (!this.#still) { URL.revokeObjectURL(address); return; }
      this.#video.poster = address;
      URL.revokeObjectURL(this.#stillAddress);
      this.#stillAddress = address;
    } catch { /* the server is away; the next round tries again */ }
  }

  #stopStills() {
    clearTimeout(this.#still);
    this.#still = 0;
    this.#video.removeAttribute("poster");
    if (this.#stillAddress) URL.revokeObjectURL(this.#stillAddress);
    this.#stillAddress = "";
  }

  // -- words --

  #state() {
    if (this.#end) return this.#end;
    if (this.#offline) return "offline";
    if (this.#cameraState === "disabled") return "off";
    if (this.#cameraState === "retrying") return "lost";
    if (this.#cameraState === "ended") return "ended";
    if (this.#still) return "stills";
    if (this.#begun && performance.now() - this.#arrivedAt < SILENT_MS) return "playing";
    return this.#last ? "stalled" : "connecting";
  }

  #tell() {
    if (this.#closed) return;
    const state = this.#state();
    const about = { since: this.#last, message: this.#message, reason: this.#reason };
    const words = WORDS[state](about);
    const key = `${state} ${words} ${this.stream} ${this.#sound} ${this.#hasSound}`;
    if (key === this.#told) return;
    this.#told = key;
    this.#onState({ state, words, stream: this.stream, sound: this.#sound, hasSound: this.#hasSound, since: this.#last });
  }
}
