// Whether what was saved runs: from the worker's own report of the revision that it has taken over.

const LATE_MS = 15000, LOOK_MS = 500;
let since = 0, timer = 0;

const strip = () => document.getElementById("applied");

// A save was answered, or the page was opened while something is on its way.
export function begin() {
  since = performance.now();
  show();
}

// What a worker said of the camera.
export function heard(news) {
  const at = strip();
  if (!at || news.camera !== document.getElementById("camera")?.dataset.camera) return;
  at.dataset.running = Math.max(Number(at.dataset.running), news.revision);
  if (news.node) at.dataset.worker = news.node;
  show();
}

export function isPending() {
  const at = strip();
  return Boolean(at) && at.dataset.state !== "broken" && Number(at.dataset.running) < Number(at.dataset.wanted);
}

function show() {
  const at = strip();
  if (!at) return;
  clearTimeout(timer);
  const words = at.querySelector(".applied-words");
  const worker = at.dataset.worker || "The worker";
  const after = performance.now() - since;
  if (!isPending()) {
    if (since) say(words, `Applied: ${worker} runs it${after > 50 ? ` (after ${(after / 1000).toFixed(1)} s)` : ""}.`, "good");
    since = 0;
    return;
  }
  since ||= performance.now();
  if (after > LATE_MS) {
    say(words, `Not confirmed after 15 s. It is stored, and ${worker} takes it over when it answers. Look at Health: does it run?`, "late");
  } else {
    say(words, `Saved. ${worker} is taking it over…`, "wait");
    timer = setTimeout(show, LOOK_MS);
  }
}

function say(words, text, tone) {
  words.parentElement.dataset.tone = tone;
  if (words.textContent !== text) words.textContent = text;
}

if (isPending()) begin();
