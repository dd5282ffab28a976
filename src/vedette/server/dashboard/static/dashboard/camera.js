// The page of one camera: live still, the recording of a day, settings that apply at once.

import "./stills.js";
import { ask, follow, parse, put } from "./live.js";
import { dayEnd, listen, point, spans } from "./timeline.js";
import { clock, iso, now } from "./times.js";

const CHUNK_S = 60;
const page = document.getElementById("camera");
const player = document.getElementById("player");
const live = document.getElementById("live");
const words = document.getElementById("playing");
const toLive = document.getElementById("to-live");
let chunk = null;

// The next recorded stretch at or after a moment, at most a minute of it.
function chunkFrom(seconds) {
  for (const [from, to] of spans()) {
    if (to - seconds < 0.5) continue;
    const start = Math.max(from, seconds);
    return { start, end: Math.min(start + CHUNK_S, to) };
  }
  return null;
}

async function play(seconds, { paused = false } = {}) {
  point(seconds);
  chunk = chunkFrom(seconds);
  if (!chunk) {
    words.textContent = spans().length ? "There is no later recording on this day." : "Nothing was recorded on this day.";
    player.pause();
    return;
  }
  player.src = `${page.dataset.clips}?start=${iso(chunk.start)}&end=${iso(chunk.end)}`;
  player.hidden = false;
  live.hidden = true;
  toLive.hidden = false;
  tell();
  if (!paused) try { await player.play(); } catch { /* the browser wants a click on the player first */ }
}

function tell() {
  if (!chunk) return;
  const seconds = chunk.start + player.currentTime;
  words.textContent = `Recording of ${clock(seconds)}`;
  point(seconds);
}

function goLive() {
  chunk = null;
  player.pause();
  player.removeAttribute("src");
  player.load();
  player.hidden = true;
  live.hidden = false;
  toLive.hidden = true;
  words.textContent = "Live";
  point(now());
}

player.addEventListener("timeupdate", tell);
player.addEventListener("ended", () => { if (chunk) play(chunk.end); });
player.addEventListener("error", () => {
  if (chunk) words.textContent = `The recording of ${clock(chunk.start)} cannot be played by this browser.`;
});
toLive.addEventListener("click", goLive);
listen(play);
document.addEventListener("click", (click) => {
  const button = click.target.closest("[data-play]");
  if (!button) return;
  play(Math.max(0, Number(button.dataset.play) - 2));
  document.getElementById("stage").scrollIntoView({ block: "nearest" });
});

const timeline = document.getElementById("timeline");
if (timeline.dataset.at) play(Number(timeline.dataset.at), { paused: true });

const settings = document.querySelector("form.settings");
settings?.addEventListener("change", async () => {
  const answer = await fetch(settings.action, { method: "POST", body: new FormData(settings) });
  if (answer.ok) put(parse(await answer.text()));
  else location.reload();
});

const SEGMENTS_EVERY_S = 30;
let dayShown = now();

function matters(news, kind) {
  if (news.camera !== page.dataset.camera) return false;
  if (kind === "camera") return true;
  return dayEnd > now() && (kind === "event" || now() - dayShown > SEGMENTS_EVERY_S);
}

// News bring the whole day anew; in between only how the camera stands, from the small cameras page.
async function refresh(news) {
  const fresh = await ask(news ? location.href : "/");
  if (news) dayShown = now();
  if (fresh) put(fresh);
}

follow({ kinds: ["camera", "event", "segment"], matters, everyS: 5, gapS: 3, refresh });
