// The Live page: stills while nothing happens, moving pictures where something does, or on demand.

import { LivePlayer } from "./player.js";
import { ask, follow, put } from "./live.js";
import { clock, now } from "./times.js";

const QUIET_MS = 10_000, LIVELY_MS = 1000, FAILED_MS = 15_000, LINGER_MS = 8000, HOVER_MS = 250, STALE_S = 30;
const MOST_MOVING = matchMedia("(max-width: 40rem)").matches ? 2 : 6;
const list = document.getElementById("tiles");
const tiles = new Map();

class Tile {
  #timer = 0; #loading = false; #linger = 0; #hover = 0; #held = false; #again = false; #unplayable = false;

  constructor(item) {
    this.item = item;
    this.id = item.dataset.camera;
    this.image = item.querySelector("img");
    this.view = item.querySelector(".view");
    this.words = item.querySelector(".words");
    this.onScreen = false;
    this.player = null;
    this.playing = false;
    this.wantedAt = 0;
    new IntersectionObserver((seen) => {
      this.onScreen = seen.at(-1).isIntersecting;
      this.#wake();
    }).observe(item);
    item.addEventListener("pointerenter", (pointer) => { if (pointer.pointerType === "mouse") this.#hold(HOVER_MS); });
    item.addEventListener("pointerleave", (pointer) => { if (pointer.pointerType === "mouse") this.#letGo(); });
    this.view.addEventListener("focus", () => { if (this.view.matches(":focus-visible")) this.#hold(HOVER_MS); });
    this.view.addEventListener("blur", () => this.#letGo());
    this.button = item.querySelector("[data-move]");
    this.button?.addEventListener("click", () => { if (this.#held) this.#letGo(); else this.#hold(0); });
  }

  get caption() { return document.getElementById(`tile-state-${this.id}`)?.dataset ?? {}; }
  get lively() { return this.caption.gate === "open"; }

  // News have come: what is shown may be old.
  news() {
    if (this.lively || this.#held) this.want();
    else if (this.player && !this.#linger) this.#linger = setTimeout(() => this.#rest(), LINGER_MS);
    if (!this.playing) this.#wait(0);
    if (this.caption.state === "disabled") this.image.hidden = true;
  }

  want() {
    clearTimeout(this.#linger);
    this.#linger = 0;
    this.wantedAt = performance.now();
    share();
  }

  move() {
    if (this.player || this.#unplayable) return;
    const video = document.createElement("video");
    video.ariaHidden = "true";
    video.tabIndex = -1;
    this.view.append(video);
    this.player = new LivePlayer(video, this.id, {
      stream: "sub",
      onFrame: () => { this.playing = true; video.dataset.playing = "yes"; },
      onState: ({ state }) => {
        if (state === "denied") location.reload();
        this.#unplayable ||= state === "stills";  // the tile's own will do
        if (this.#unplayable) queueMicrotask(() => this.stop());
      },
    });
    this.item.dataset.moving = "yes";
  }

  stop() {
    if (!this.player) return;
    this.player.close();
    this.player = null;
    this.playing = false;
    this.view.querySelector("video")?.remove();
    delete this.item.dataset.moving;
    this.#wait(0);
  }

  pause() { clearTimeout(this.#timer); this.#timer = 0; }

  #hold(afterMs) {
    clearTimeout(this.#hover);
    this.#hover = setTimeout(() => { this.#held = true; this.button?.setAttribute("aria-pressed", "true"); this.want(); }, afterMs);
  }

  #letGo() {
    clearTimeout(this.#hover);
    if (!this.#held) return;
    this.#held = false;
    this.button?.setAttribute("aria-pressed", "false");
    this.news();
  }

  #rest() {
    this.#linger = 0;
    if (this.lively || this.#held) return;
    this.wantedAt = 0;
    share();
  }

  #wake() {
    if (this.onScreen && !document.hidden && this.lively) this.want();
    else share();
    this.#wait(0);
  }
  wake() { this.#wake(); }

  #wait(ms) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (this.#loading) { this.#again = ms === 0; return; }
    if (this.onScreen && !document.hidden && !this.playing) this.#timer = setTimeout(() => this.#still(), ms);
  }

  async #still() {
    if (this.caption.picture !== "yes") return this.#wait(FAILED_MS);
    this.#loading = true;
    let good = false;
    try { good = await this.#load(); } catch { /* the server is away; the next round tries again */ }
    this.#loading = false;
    const soon = this.#again;
    this.#again = false;
    const lively = soon || (this.wantedAt && this.#unplayable);
    this.#wait(good ? (lively ? LIVELY_MS : QUIET_MS + Math.random() * 1000) : FAILED_MS);
  }

  async #load() {
    const width = this.view.clientWidth * (devicePixelRatio || 1) > 700 ? 1280 : 640;
    const answer = await fetch(`/api/v1/live/${this.id}/still.jpg?width=${width}`, { cache: "no-cache" });
    if (!answer.ok) return false;
    const captured = Number(answer.headers.get("X-Captured"));
    this.words.textContent = now() - captured > STALE_S ? `No picture since ${clock(captured)}` : "";
    const tag = answer.headers.get("ETag");
    if (tag && tag === this.image.dataset.tag) return true;
    const address = URL.createObjectURL(await answer.blob()), before = this.image.src;
    this.image.src = address;
    try { await this.image.decode(); } finally { if (before.startsWith("blob:")) URL.revokeObjectURL(before); }
    this.image.dataset.tag = tag ?? "";
    this.image.hidden = false;
    return true;
  }
}

// So many tiles move at once, those wanted last; none that cannot be seen.
function share() {
  const asking = [...tiles.values()].filter((tile) => tile.wantedAt && tile.onScreen && !document.hidden && tile.caption.picture === "yes");
  const chosen = new Set(asking.sort((a, b) => b.wantedAt - a.wantedAt).slice(0, MOST_MOVING));
  for (const tile of tiles.values()) if (!chosen.has(tile)) tile.stop();
  for (const tile of chosen) tile.move();
}

// -- how the grid is laid out, remembered in this browser --

const layout = document.getElementById("layout"), arrange = document.getElementById("arrange");

function remembered(name, otherwise) {
  try { return JSON.parse(localStorage.getItem(`vedette.${name}`)) ?? otherwise; } catch { return otherwise; }
}

function remember(name, value) {
  try { localStorage.setItem(`vedette.${name}`, JSON.stringify(value)); } catch { /* private windows may refuse */ }
}

function lay(columns) {
  list.dataset.columns = columns;
  layout.value = columns;
}

function sort() {
  const order = remembered("order", []);
  const place = (item) => { const found = order.indexOf(item.dataset.camera); return found < 0 ? order.length : found; };
  const items = [...list.children];
  const wanted = [...items].sort((a, b) => place(a) - place(b));
  if (wanted.some((item, i) => item !== items[i])) list.append(...wanted);
}

function shift(item, step) {
  const items = [...list.children], at = items.indexOf(item), to = at + step;
  if (to < 0 || to >= items.length) return;
  items.splice(at, 1);
  items.splice(to, 0, item);
  remember("order", items.map((tile) => tile.dataset.camera));
  sort();
  item.querySelector(`[data-shift="${step}"]`).focus();
  document.getElementById("said").textContent = `${item.dataset.name}: place ${to + 1} of ${items.length}`;
}

function begin() {
  for (const item of list.children) tiles.set(item.dataset.camera, new Tile(item));
  sort();
  lay(remembered("columns", "auto"));
  layout.addEventListener("change", () => { lay(layout.value); remember("columns", layout.value); });
  arrange.addEventListener("click", () => {
    const on = list.toggleAttribute("data-arranging");
    arrange.setAttribute("aria-pressed", String(on));
  });
  list.addEventListener("click", (click) => {
    const button = click.target.closest("[data-shift]");
    if (button) shift(button.closest("li"), Number(button.dataset.shift));
  });
  document.addEventListener("visibilitychange", () => { for (const tile of tiles.values()) if (document.hidden) tile.pause(); else tile.wake(); share(); });
}

async function refresh() {
  const page = await ask();
  if (!page) return;
  const ids = [...page.querySelectorAll("#tiles > li")].map((item) => item.dataset.camera);
  if (ids.length !== tiles.size || ids.some((id) => !tiles.has(id))) { location.reload(); return; }
  put(page);
  for (const tile of tiles.values()) tile.news();
}

if (list) begin();
follow({ kinds: ["camera", "event"], everyS: 30, gapS: 2, refresh });
