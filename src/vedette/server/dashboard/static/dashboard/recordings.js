// The recordings page: wires time line, players, events and exports together.

import { calendar } from "./month.js";
import { Deck } from "./deck.js";
import { exporting } from "./exports.js";
import { follow } from "./live.js";
import { gestures } from "./gestures.js";
import { InStep } from "./instep.js";
import { Peek } from "./peek.js";
import { Strip, family, heightOf } from "./strip.js";
import { Track, Tracks } from "./tracks.js";
import { Window, midnight } from "./window.js";
import { clock, iso, now } from "./times.js";

const MOST_MARKS = 60, LEAD_S = 2, ADDRESS_MS = 1500, ZOOM = 2;
const get = (id) => document.getElementById(id);
const page = get("recordings");
const zone = document.documentElement.dataset.zone || "UTC";
const dateWords = new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "short", day: "numeric", month: "long", year: "numeric" });
const dayWords = new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "short", day: "numeric", month: "short", year: "numeric" });

if (page) start();
choosing();

function start() {
  const figures = [...page.querySelectorAll(".deck")];
  const list = figures.map((figure) => new Track(figure.dataset.camera, figure.dataset.name));
  const asked = Number(page.dataset.at) || 0, begin = asked || now();
  const view = new Window(midnight(begin), midnight(begin, 1));
  const strip = new Strip(get("canvas"), view, list);
  const line = get("line"), peek = new Peek(get("peek"), view);
  get("canvas").style.height = `${heightOf(list.length)}px`;
  const tracks = new Tracks(list, view, loaded);
  const decks = figures.map((figure, number) => new Deck(figure, list[number]));
  const player = new InStep(decks, tell);
  const spans = exporting(strip, list, () => player.at);
  let first = true, told = "";

  function loaded() {
    if (first && !asked && tracks.loaded) player.seek(firstMoment());
    if (first && asked && tracks.loaded) player.seek(asked);
    first &&= !tracks.loaded;
    strip.draw();
    showMarks();
  }

  // Where to begin when nothing was asked for: shortly before the newest moment of recording.
  function firstMoment() {
    const ends = list.flatMap((track) => track.spans.map(([, to]) => to));
    if (!ends.length && page.dataset.newest) {
      const newest = Number(page.dataset.newest);
      show(midnight(newest), midnight(newest, 1));
      return newest;
    }
    return ends.length ? Math.max(...ends) - 15 : now();
  }

  function changed() {
    tracks.moved(strip.width);
    strip.draw();
    for (const button of page.querySelectorAll("[data-show]")) {
      const wanted = Number(button.dataset.show);
      button.setAttribute("aria-pressed", String(Math.abs(view.length / wanted - 1) < 0.1));
    }
    get("day").textContent = dayWords.format(((view.start + view.end) / 2) * 1000);
  }

  function show(from, to) { view.set(from, to); changed(); }

  // Brings a moment into view when it has left it; while playing, the window turns pages.
  function reveal(at) {
    if (view.has(at)) return;
    view.pan(at < view.start ? at - view.start - view.length * 0.1 : at - view.end + view.length * 0.9);
    changed();
  }

  function seek(at, { go = player.playing } = {}) {
    player.seek(at);
    reveal(at);
    if (go) player.play();
  }

  function tell() {
    strip.cursor = player.at;
    strip.now = now();
    const words = player.words || clock(player.at) + (player.playing ? "" : `.${Math.floor((player.at % 1) * 10)}`);
    if (words !== told) {
      told = get("clock").textContent = words;
      get("date").textContent = player.words ? "" : dateWords.format(player.at * 1000);
      line.setAttribute("aria-valuetext", `${dateWords.format(player.at * 1000)}, ${clock(player.at)}`);
      line.setAttribute("aria-valuenow", String(Math.round(player.at - midnight(player.at))));
      if (player.playing) reveal(player.at);
      strip.draw();
    }
    const button = get("play"), does = player.playing ? "Pause" : "Play";
    if (button.getAttribute("aria-label") !== does) button.setAttribute("aria-label", does);
  }

  const play = () => (player.playing ? player.pause() : player.play());
  const stepBy = () => Math.max(view.length / 200, 0.5);
  const inView = () => list.flatMap((track) => track.spans).filter(([from, to]) => to > view.start && from < view.end);
  const keys = {
    ArrowLeft: (shift) => seek(player.at - stepBy() * (shift ? 10 : 1)),
    ArrowRight: (shift) => seek(player.at + stepBy() * (shift ? 10 : 1)),
    PageUp: () => seek(player.at - view.length / 2),
    PageDown: () => seek(player.at + view.length / 2),
    Home: () => inView().length && seek(Math.max(view.start, Math.min(...inView().map(([from]) => from)))),
    End: () => inView().length && seek(Math.min(view.end, Math.max(...inView().map(([, to]) => to))) - 5),
    Enter: play, " ": play,
    "+": () => zoom(1 / ZOOM), "=": () => zoom(1 / ZOOM), "-": () => zoom(ZOOM),
    ",": () => player.step(-1), ".": () => player.step(1),
  };
  const zoom = (factor, at = view.has(player.at) ? player.at : undefined) => { view.zoom(factor, at); changed(); };

  gestures(line, strip, {
    seek: (at) => seek(at, { go: true }),
    pan: (seconds) => { view.pan(seconds); changed(); },
    zoom,
    peek: (lane, at, x) => peek.at(list[lane], at, x, strip.width),
    leave: () => peek.leave(),
    drag: (which, at) => spans.drag(which, at),
    key: (key) => (key.key in keys ? (keys[key.key](key.shiftKey), true) : false),
  });

  const nextEvent = (direction) => {
    const starts = list.flatMap((track) => track.events.map((mark) => mark.start - LEAD_S)).sort((a, b) => a - b);
    const found = direction > 0 ? starts.find((at) => at > player.at + 0.5) : starts.findLast((at) => at < player.at - 3);
    if (found !== undefined) seek(found, { go: true });
  };
  const clicks = {
    play, "frame-before": () => player.step(-1), "frame-after": () => player.step(1),
    "event-before": () => nextEvent(-1), "event-after": () => nextEvent(1),
    earlier: () => { view.pan(-view.length / 2); changed(); }, later: () => { view.pan(view.length / 2); changed(); },
    closer: () => zoom(1 / ZOOM), wider: () => zoom(ZOOM),
    now: () => { const length = view.length; show(now() - length * 0.9, now() + length * 0.1); seek(now() - 15, { go: true }); },
  };
  for (const [id, does] of Object.entries(clicks)) get(id).addEventListener("click", does);
  for (const button of page.querySelectorAll("[data-show]")) {
    button.addEventListener("click", () => {
      const length = Number(button.dataset.show), at = view.has(player.at) ? player.at : (view.start + view.end) / 2;
      if (length === 86400) show(midnight(at), midnight(at, 1));
      else show(at - length / 2, at + length / 2);
    });
  }
  get("rate").addEventListener("change", () => player.setRate(Number(get("rate").value)));
  get("sound").addEventListener("click", () => {
    const on = get("sound").getAttribute("aria-pressed") !== "true";
    get("sound").setAttribute("aria-pressed", String(on));
    decks[0].muted = !on;
    decks[0].player.muted = !on;
  });
  calendar(get("calendar"), get("month"), list, () => (view.start + view.end) / 2, (at) => {
    show(at, midnight(at, 1));
    list[0].next(at).then((found) => { if (found !== null && found < midnight(at, 1)) seek(found); else player.seek(at); });
  });
  figures.forEach((figure) => figure.addEventListener("click", (click) => { if (!click.target.closest("button")) play(); }));

  function showMarks() {
    const shown = list.flatMap((track) => track.events.filter((mark) => mark.end >= view.start && mark.start <= view.end).map((mark) => ({ ...mark, track })));
    shown.sort((a, b) => b.start - a.start);
    const rows = shown.slice(0, MOST_MARKS).map(row);
    if (!rows.length) rows.push(note(tracks.failed || (tracks.loaded ? "No events in this stretch." : "Loading…")));
    if (shown.length > MOST_MARKS) rows.push(note(`${shown.length - MOST_MARKS} more: show less time to see them.`));
    const names = shown.slice(0, MOST_MARKS).map((mark) => mark.id).join() + rows.length + tracks.failed;
    if (get("marks").dataset.names !== names) get("marks").replaceChildren(...rows);
    get("marks").dataset.names = names;
  }

  function note(words) {
    const item = document.createElement("li");
    item.className = "quiet none";
    item.textContent = words;
    return item;
  }

  function row(mark) {
    const made = get("mark").content.cloneNode(true), image = made.querySelector("img"), button = made.querySelector("button");
    const words = made.querySelector(".words"), label = mark.label[0].toUpperCase() + mark.label.slice(1);
    words.href = `/events/${mark.id}`;
    made.querySelector(".swatch").dataset.family = family(mark);
    words.querySelector("strong span").textContent = label;
    words.querySelector(".quiet").textContent = [clock(mark.start), list.length > 1 && mark.track.name].filter(Boolean).join(" · ");
    if (mark.has_crop) { image.src = `/api/v1/events/${mark.id}/crop.jpg`; image.hidden = false; }
    button.setAttribute("aria-label", `Play ${mark.label} of ${clock(mark.start)}`);
    button.addEventListener("click", () => { seek(mark.start - LEAD_S, { go: true }); page.scrollIntoView({ block: "start" }); });
    return made;
  }

  new ResizeObserver(changed).observe(line);
  setInterval(() => {
    const url = new URL(location.href);
    url.searchParams.set("at", iso(player.at));
    if (!first && page.dataset.address !== url.href) history.replaceState(null, "", page.dataset.address = url.href);
  }, ADDRESS_MS);
  const matters = (news) => list.some((track) => track.camera === news.camera) && view.end > now() - 60;
  follow({ kinds: ["event", "segment"], matters, everyS: 20, gapS: 5, refresh: async () => { if (view.end > now() - 60) tracks.again(strip.width); } });
  changed();
}

// Choosing cameras opens the page anew, at the same moment.
function choosing() {
  const shown = [...document.querySelectorAll(".deck")].map((figure) => figure.dataset.camera);
  const open = (cameras) => {
    const url = new URL("/recordings", location.href);
    url.searchParams.set("cameras", cameras.join());
    const at = new URL(location.href).searchParams.get("at");
    if (at) url.searchParams.set("at", at);
    location.assign(url);
  };
  const camera = get("camera"), beside = get("beside");
  camera?.addEventListener("change", () => open([camera.value, ...shown.slice(1).filter((other) => other !== camera.value)]));
  beside?.addEventListener("change", () => { if (beside.value) open([...shown, beside.value]); });
  for (const button of document.querySelectorAll("[data-drop]")) {
    button.addEventListener("click", () => open(shown.filter((other) => other !== button.dataset.drop)));
  }
}
