// Several recordings on one clock: the first one that has a picture leads, the others follow; what nobody
// recorded is skipped.

import { now } from "./times.js";

const TICK_MS = 100, PATIENCE_MS = 8000;

export class InStep {
  constructor(decks, changed) {
    this.decks = decks;
    this.changed = changed;
    this.at = now();
    this.rate = 1;
    this.playing = false;
    this.words = "";
    this.tickedMs = performance.now();
    this.heldMs = 0;
    this.searching = false;
    for (const deck of decks) deck.ended = () => this.tick();
    setInterval(() => this.tick(), TICK_MS);
  }

  play() { this.playing = true; this.words = ""; this.tick(); this.changed(); }

  pause() {
    this.playing = false;
    for (const deck of this.decks) deck.halt();
    this.changed();
  }

  seek(at) {
    this.at = at;
    this.words = "";
    this.heldMs = 0;
    for (const deck of this.decks) deck.seek(at);
    this.tick();
  }

  setRate(rate) {
    this.rate = rate;
    this.tick();
    this.changed();
  }

  tick() {
    const passed = Math.min((performance.now() - this.tickedMs) / 1000, 1);
    this.tickedMs = performance.now();
    if (document.hidden && !this.playing) return;
    const rate = this.playing ? this.rate : Math.min(this.rate, 4);
    for (const deck of this.decks) deck.arrange(this.at, rate);
    if (this.playing) this.advance(passed);
    for (const deck of this.decks) deck.tell(this.at, this.playing);
    this.changed();
  }

  advance(passed) {
    const states = this.decks.map((deck) => deck.state(this.at));
    const ready = this.decks.filter((_, number) => states[number] === "ready");
    const waits = states.includes("loading");
    this.heldMs = waits ? this.heldMs + passed * 1000 : 0;
    if (waits && (!ready.length || this.heldMs < PATIENCE_MS)) {
      for (const deck of ready) if (!deck.player.paused) deck.player.pause();
      return;
    }
    if (!ready.length) { this.skip(); return; }
    this.follow(ready, passed);
  }

  follow(ready, passed) {
    const leader = ready.find((deck) => !deck.pictures);
    for (const deck of ready) deck.go(deck === leader ? this.rate : deck.player.playbackRate || this.rate);
    if (!leader) { this.at += passed * this.rate; return; }
    const over = leader.player.ended || leader.position() >= leader.clip.end - 0.03;
    this.at = over ? (leader.goesOn ? leader.following.start + 0.001 : leader.clip.end) : Math.max(leader.position(), leader.clip.start);
    if (over && leader.goesOn) leader.swap(this.at);
    for (const deck of ready) if (deck !== leader) deck.chase(this.at, this.rate);
  }

  // Nobody has a picture of this moment: on to the first one that has a later one.
  async skip() {
    if (this.searching) return;
    this.searching = true;
    const from = this.at;
    try {
      const found = await Promise.all(this.decks.map((deck) => deck.goesOnAt ?? deck.track.next(from)));
      const later = found.filter((at) => at !== null && at > from - 0.01);
      if (!this.playing || this.at !== from) return;
      if (later.length) this.jump(Math.min(...later) + 0.002);
      else this.stop();
    } catch { /* the server is away; the next tick tries again */ } finally { this.searching = false; }
  }

  jump(at) {
    this.at = at;
    for (const deck of this.decks) deck.emptyTo = -Infinity;
  }

  stop() {
    this.words = "There is no later recording.";
    this.pause();
  }

  // One picture on (1) or back (-1), of the first camera that has one.
  async step(direction) {
    if (this.playing) this.pause();
    const deck = this.decks.find((each) => each.state(this.at) === "ready") ?? this.decks[0];
    const frames = await deck.track.frames(this.at - 5, this.at + 5);
    const shown = frames.findLastIndex((time) => time <= this.at + 0.001);
    const wanted = frames[direction > 0 ? shown + 1 : shown - 1];
    if (wanted !== undefined) this.seek(wanted + 0.002);
  }
}
