// Keeps a page up to date: asks for the page again when there is news and swaps the parts that changed.
//
// Elements with `id` and `data-live` are replaced; in a `data-live-list` children also come and go.
// Nothing is asked for while the tab is hidden, and the stream of news is closed then.

const sources = new WeakMap();
const SOON_MS = 400;
let lastId = 0;

function remember(root) {
  for (const part of root.querySelectorAll("[data-live][id]")) sources.set(part, part.outerHTML);
}
remember(document);

export async function ask(address = location.href) {
  const url = new URL(address, location.href);
  url.searchParams.set("part", "1");
  url.hash = "";
  const answer = await fetch(url, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (answer.redirected && new URL(answer.url).pathname === "/login") location.reload();
  return answer.ok ? parse(await answer.text()) : null;
}

export function parse(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  remember(page);
  return page;
}

// `part` of the new page in place of the old one; true when something changed.
export function swap(old, part) {
  const source = sources.get(part);
  if (sources.get(old) === source) return false;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const fresh = document.adoptNode(part);
  old.replaceWith(fresh);
  sources.set(fresh, source);
  if (focused?.id) document.getElementById(focused.id)?.focus();
  else if (focused?.href) fresh.querySelector(`a[href="${CSS.escape(focused.getAttribute("href"))}"]`)?.focus();
  return true;
}

export function put(page) {
  for (const part of [...page.querySelectorAll("[data-live][id]")]) {
    const old = document.getElementById(part.id);
    if (old && !part.parentElement?.closest("[data-live-list]")) swap(old, part);
  }
  document.dispatchEvent(new Event("swapped"));
}

// The children of a list that the new page has and this one has not.
export function arrivals(list, page) {
  const fresh = page.getElementById(list.id);
  return fresh ? [...fresh.children].filter((child) => !document.getElementById(child.id)) : [];
}

export function putList(list, page) {
  const fresh = page.getElementById(list.id);
  if (!fresh) return;
  const wanted = [...fresh.children];
  const ids = new Set(wanted.map((child) => child.id));
  for (const child of [...list.children]) if (!ids.has(child.id)) child.remove();
  wanted.forEach((child, place) => {
    const old = document.getElementById(child.id);
    if (old) return swap(old, child);
    const source = sources.get(child);
    const added = document.adoptNode(child);
    added.classList.add("new");
    sources.set(added, source);
    list.insertBefore(added, list.children[place] ?? null);
  });
}

// Calls `refresh(news)` soon after news that `matters`, and `refresh(false)` every `everyS` seconds;
// not more often than every `gapS` seconds. News of events begin behind `after`, the newest the page knows of.
export function follow({ kinds, matters = () => true, everyS = 0, gapS = 1, after = 0, refresh }) {
  lastId = Math.max(lastId, after);
  let stream = null, soon = 0, timer = 0, running = false, again = false, news = false, ranAt = 0;

  async function run() {
    soon = 0;
    ranAt = performance.now();
    if (running) { again = true; return; }
    running = true;
    const ofNews = news;
    news = false;
    try { await refresh(ofNews); } catch { /* the server is away; the next news or the timer tries again */ }
    running = false;
    if (again) { again = false; later(); }
  }
  function later() { soon ||= setTimeout(run, Math.max(SOON_MS, ranAt + gapS * 1000 - performance.now())); }

  function open() {
    const after = lastId ? `?after=${lastId}` : "";
    stream = new EventSource(`/api/v1/live${after}`);
    for (const kind of kinds) {
      stream.addEventListener(kind, (message) => {
        lastId = Math.max(lastId, Number(message.lastEventId) || 0);
        if (!matters(JSON.parse(message.data), kind)) return;
        news = true;
        later();
      });
    }
    if (everyS) timer = setInterval(later, everyS * 1000);
  }
  function close() {
    stream?.close();
    stream = null;
    clearInterval(timer);
    clearTimeout(soon);
    soon = 0;
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else if (!stream) { open(); news = true; later(); }
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (shown) => { if (shown.persisted && !stream && !document.hidden) { open(); news = true; later(); } });
  if (!document.hidden) open();
}
