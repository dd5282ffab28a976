// The events page: older events follow as somebody scrolls, new ones arrive at the top or wait behind a button.

import { ask, follow, put, swap } from "./live.js";
import { playing } from "./preview.js";

const NEAR_TOP = 120, FAR_PX = 800, GAP_S = 2, MOST_BACK = 12;
const list = document.getElementById("events");
const told = document.getElementById("told");
const button = document.getElementById("arrivals");
const asked = new URLSearchParams(location.search);
const kept = `events ${location.search}`;
let waiting = null, pages = 1, loading = false;

// --- older ones ---

const near = new IntersectionObserver((seen) => { if (seen.at(-1).isIntersecting) older(); }, { rootMargin: `${FAR_PX}px` });

function watch() {
  near.disconnect();
  const next = document.querySelector("#pager [rel=next]");
  if (next) near.observe(next);
}

async function older() {
  const link = document.querySelector("#pager [rel=next]");
  if (!link || loading) return false;
  loading = true;
  link.textContent = "Loading…";
  try {
    const page = await ask(link.href);
    if (!page) throw new Error("refused");
    append(page);
    pages += 1;
  } catch {
    link.textContent = "Could not load. Try again";
    near.disconnect();
    return false;
  } finally { loading = false; }
  watch();
  return true;
}

function append(page) {
  const fresh = [...page.getElementById("events").children].filter((child) => !document.getElementById(child.id));
  list.append(...fresh.map((child) => document.adoptNode(child)));
  const tiles = fresh.filter((child) => child.matches(".tile")).length;
  if (tiles) told.textContent = `${tiles} older events`;
  page.querySelector("#pager [data-newest]")?.remove();
  swap(document.getElementById("pager"), page.getElementById("pager"));
  const empty = page.getElementById("empty");
  empty.hidden = list.childElementCount > 0;
  swap(document.getElementById("empty"), empty);
}

// --- new ones ---

const isTile = (child) => child.matches(".tile");

function arrivals(page) {
  return [...page.getElementById("events").children].filter((child) => isTile(child) && !document.getElementById(child.id)).length;
}

// Puts the first page on top of what is there; what was loaded below it stays.
function show(page) {
  waiting = null;
  button.parentElement.hidden = true;
  const fresh = [...page.getElementById("events").children];
  const known = fresh.filter((child) => isTile(child) && document.getElementById(child.id));
  if (list.querySelector(".tile") && !known.length && page.querySelector("#pager [rel=next]")) return replace(page, fresh);
  const last = known.length ? document.getElementById(known.at(-1).id) : null;
  const ids = new Set(fresh.map((child) => child.id));
  for (const child of [...list.children]) {
    if (!ids.has(child.id)) child.remove();
    if (child === last) break;
  }
  fresh.forEach((child, place) => {
    const old = document.getElementById(child.id);
    if (!old) return list.insertBefore(arrived(child), list.children[place] ?? null);
    if (old.querySelector("video")) return;
    swap(old, child);
  });
  finish(page);
}

// So much has happened that what is shown does not touch it.
function replace(page, fresh) {
  list.replaceChildren(...fresh.map((child) => document.adoptNode(child)));
  pages = 1;
  swap(document.getElementById("pager"), page.getElementById("pager"));
  finish(page);
  watch();
}

function finish(page) {
  const pager = page.getElementById("pager"), empty = page.getElementById("empty");
  if (pages > 1 || document.getElementById("pager").querySelector("[rel=next]")) pager?.remove();
  empty.hidden = list.childElementCount > 0;
  page.getElementById("events").remove();
  put(page);
}

function arrived(child) {
  const added = document.adoptNode(child);
  if (isTile(added)) added.classList.add("new");
  return added;
}

// Nothing moves under the eyes of somebody who reads further down, watches a preview, or goes by keyboard.
const reading = () => scrollY > NEAR_TOP || playing() || list.querySelector(":focus-visible") !== null;

async function refresh() {
  const page = await ask(grouped());
  if (!page) return;
  const count = arrivals(page);
  if (!count || !reading()) return show(page);
  waiting = page;
  button.textContent = count === 1 ? "1 new event" : `${count} new events`;
  button.parentElement.hidden = false;
}

function grouped() {
  const url = new URL(location.href);
  if (list.dataset.group && list.childElementCount) url.searchParams.set("group", list.dataset.group);
  return url;
}

function fits(event) {
  const has = (name, value) => !asked.getAll(name).some(Boolean) || asked.getAll(name).includes(value);
  return has("camera", event.camera) && has("label", event.label) && has("kind", event.kind);
}

// --- back at the same place ---

// Somebody who comes back from an event finds the list as long as it was, at the event last looked at.
async function comeBack() {
  const state = JSON.parse(sessionStorage.getItem(kept) ?? "null");
  const back = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  const last = sessionStorage.getItem("event") ?? "";
  if (back && state) for (let page = pages; page < Math.min(state.pages, MOST_BACK); page += 1) if (!await older()) break;
  const tile = document.getElementById(location.hash.slice(1) || (back ? `event-${last}` : ""));
  if (!tile) return;
  tile.scrollIntoView({ block: "center" });
  tile.querySelector("a")?.focus({ preventScroll: true });
}

addEventListener("pagehide", () => sessionStorage.setItem(kept, JSON.stringify({ pages })));
addEventListener("pageshow", (shown) => {
  if (!shown.persisted) return;
  document.getElementById(`event-${sessionStorage.getItem("event")}`)?.querySelector("a")?.focus();
});

// --- the form ---

const form = document.getElementById("filter");
const more = document.getElementById("more");

more.addEventListener("click", () => more.setAttribute("aria-expanded", String(form.classList.toggle("open"))));

function submit() {
  for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
  form.requestSubmit();
}

form.addEventListener("change", (change) => { if (change.target.matches("select")) submit(); });
form.addEventListener("submit", () => { for (const field of form.elements) if (field.name && !field.value) field.disabled = true; });
addEventListener("pageshow", () => { for (const field of form.elements) field.disabled = false; });
for (const drop of form.querySelectorAll(".drop")) {
  drop.addEventListener("toggle", () => { if (!drop.open && drop.querySelector("[type=checkbox]") && changed(drop)) submit(); });
}
const changed = (drop) => [...drop.querySelectorAll("[type=checkbox]")].some((box) => box.checked !== box.defaultChecked);
document.addEventListener("click", (click) => {
  for (const drop of form.querySelectorAll(".drop[open]")) if (!drop.contains(click.target)) drop.open = false;
});
form.addEventListener("keydown", (key) => {
  const drop = key.key === "Escape" && key.target.closest(".drop[open]");
  if (!drop) return;
  drop.open = false;
  drop.querySelector("summary").focus();
});

if (list.matches("[data-live-list]")) {
  button.addEventListener("click", () => { if (waiting) show(waiting); scrollTo({ top: 0 }); });
  follow({ kinds: ["event"], matters: fits, gapS: GAP_S, after: Number(list.dataset.after), refresh });
}
await comeBack();
watch();
