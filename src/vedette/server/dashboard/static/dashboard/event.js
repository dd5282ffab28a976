// The page of one event: boxes over the clip, moments to jump to, verdict, share link, keys.

import { ask, follow, put } from "./live.js";
import { clipAt, Overlay, utcAt } from "./event_overlay.js";

const clip = document.getElementById("clip");
const page = document.getElementById("event");
const told = document.getElementById("told");
let timeline = null;

sessionStorage.setItem("event", page.dataset.event);

async function json(address, method = "GET", body = undefined) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": token };
  const answer = await fetch(address, { method, headers, body: body && JSON.stringify(body) });
  const given = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error([given.error, given.hint].filter(Boolean).join(" "));
  return given;
}

async function refresh() {
  const fresh = await ask();
  if (fresh) put(fresh);
}

// Does something that may fail, and says so.
async function attempt(work, done) {
  try {
    await work();
    told.textContent = done;
    told.classList.add("hidden");
  } catch (error) {
    told.textContent = error.message || "The server does not answer. Try again.";
    told.classList.remove("hidden");
  }
}

// --- the clip ---

function unplayable() {
  // Also a video of which only the sound can be played.
  document.getElementById("unplayable").hidden = false;
}
clip?.addEventListener("error", unplayable);
clip?.addEventListener("loadedmetadata", () => { if (!clip.videoWidth) unplayable(); });

function seek(utcS) {
  if (!timeline) return;
  clip.currentTime = clipAt(timeline, utcS) + 0.001;
  document.getElementById("scene").scrollIntoView({ block: "nearest" });
}

document.getElementById("moments").addEventListener("click", (click) => {
  const moment = click.target.closest(".moment");
  if (moment) seek(Number(moment.dataset.at));
});

async function accompany() {
  const [event, times] = await Promise.all([json(page.dataset.address), json(clip.dataset.times)]);
  timeline = times.timeline;
  const overlay = new Overlay(clip, document.getElementById("drawing"), event, timeline);
  for (const what of ["box", "path"]) {
    const toggle = document.getElementById(`show-${what}`);
    toggle.addEventListener("change", () => { overlay[what] = toggle.checked; overlay.draw(); });
  }
  drawLane(event, times);
}

// The clip as a bar: the event in it, its stays in zones, and where it plays.
function drawLane(event, times) {
  const lane = document.getElementById("lane"), played = document.getElementById("played");
  const at = (utcS) => 100 * clipAt(timeline, utcS) / times.duration_s;
  const stretch = (element, from, to) => Object.assign(element.style, { left: `${at(from)}%`, width: `${Math.max(at(to) - at(from), 0.5)}%` });
  stretch(document.getElementById("seen"), Date.parse(event.start) / 1000, Date.parse(event.end) / 1000);
  for (const stay of document.querySelectorAll(".moment[data-until]")) {
    const mark = Object.assign(document.createElement("i"), { className: "stay", title: stay.dataset.zone });
    stretch(mark, Number(stay.dataset.at), Number(stay.dataset.until));
    lane.append(mark);
  }
  lane.hidden = false;
  lane.addEventListener("click", (click) => {
    const box = lane.getBoundingClientRect();
    clip.currentTime = times.duration_s * (click.clientX - box.left) / box.width;
  });
  clip.addEventListener("timeupdate", () => {
    played.style.left = `${100 * clip.currentTime / times.duration_s}%`;
    const now = utcAt(timeline, clip.currentTime) + 0.05;
    const moments = [...document.querySelectorAll(".moment")];
    const current = moments.findLast((moment) => Number(moment.dataset.at) <= now);
    for (const moment of moments) moment.toggleAttribute("aria-current", moment === current);
  });
}

if (clip) attempt(accompany, "");

const full = document.getElementById("full");
full?.addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.getElementById("screen").requestFullscreen();
});

// --- verdict ---

function say(verdict, label = "") {
  const address = document.querySelector(".verdicts")?.dataset.address;
  if (!address) return;
  const words = { right: "Noted as right", wrong: "Noted as wrong", other: `Noted as ${label}`, "": "Taken back" };
  const send = () => verdict ? json(address, "PUT", { verdict, label }) : json(address, "DELETE");
  attempt(async () => { await send(); await refresh(); }, words[verdict]);
}

document.addEventListener("click", (click) => {
  const button = click.target.closest?.("button[data-say]");
  if (button) say(button.dataset.say);
});
document.addEventListener("change", (change) => {
  if (change.target.matches("select[data-say]") && change.target.value) say("other", change.target.value);
});

// --- share links ---

const link = document.getElementById("share-link");

document.getElementById("share")?.addEventListener("click", () => attempt(async () => {
  const lifetime_s = Number(document.getElementById("lifetime").value);
  const made = await json(document.getElementById("share-form").dataset.address, "POST", { lifetime_s });
  link.value = made.url;
  document.getElementById("shared").hidden = false;
  link.select();
  await refresh();
}, "The link is ready"));

document.getElementById("copy")?.addEventListener("click", () => attempt(async () => {
  link.select();
  // The clipboard is there on secure pages only; the older way works on all.
  if (navigator.clipboard) await navigator.clipboard.writeText(link.value);
  else document.execCommand("copy");
  document.getElementById("copy").textContent = "Copied";
}, "Copied"));

document.addEventListener("click", (click) => {
  const button = click.target.closest?.("[data-withdraw]");
  if (!button) return;
  attempt(async () => {
    await json(button.dataset.withdraw, "DELETE");
    document.getElementById("shared").hidden = true;
    await refresh();
  }, "The link does not work any more");
});

// --- keys ---

const back = document.getElementById("back");

// Neighbours take each other's place in the history, so one step back leads to the list, if that is where
// somebody came from.
const from = document.referrer.startsWith(location.origin) ? new URL(document.referrer).pathname : "";
const list = new URL(back.href).pathname;
if (from === list) sessionStorage.setItem("from-list", "yes");
else if (!from.startsWith(`${list}/`)) sessionStorage.removeItem("from-list");

function leave() {
  if (sessionStorage.getItem("from-list") && history.length > 1) history.back();
  else location.assign(back.href);
}

function move(id) {
  const neighbour = document.getElementById(id);
  if (neighbour) location.replace(neighbour.href);
}

document.addEventListener("click", (click) => {
  const link = click.target.closest?.("#back, #earlier, #later");
  if (!link || click.button || click.ctrlKey || click.metaKey || click.shiftKey) return;
  click.preventDefault();
  if (link.id === "back") leave();
  else move(link.id);
});

const KEYS = {
  j: () => move("earlier"), ArrowLeft: () => move("earlier"), k: () => move("later"), ArrowRight: () => move("later"),
  y: () => say("right"), n: () => say("wrong"), Escape: leave,
};
document.addEventListener("keydown", (key) => {
  if (key.ctrlKey || key.metaKey || key.altKey || key.defaultPrevented || key.target.closest("input, select, textarea, video, .menu")) return;
  const act = KEYS[key.key];
  if (!act || document.fullscreenElement) return;
  key.preventDefault();
  act();
});

follow({
  kinds: ["event"],
  matters: (event) => event.id === page.dataset.event || (event.camera === page.dataset.camera && event.phase === "start"),
  gapS: 2,
  after: Number(page.dataset.after),
  refresh,
});
