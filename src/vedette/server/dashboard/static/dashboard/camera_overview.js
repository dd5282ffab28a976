// The picture of one camera: moving where the browser can, else the newest still.

import "./stills.js";

const stage = document.getElementById("live");
const video = document.getElementById("video");
const words = document.getElementById("playing");
const camera = document.getElementById("camera").dataset.camera;
let player = null;

const STILL = "Still, refreshed as it changes";

function show({ state, words: said }) {
  video.hidden = !["playing", "stills"].includes(state);
  words.textContent = said || STILL;
}

async function play() {
  if (player || document.hidden || !stage.dataset.player) return;
  const { LivePlayer } = await import(stage.dataset.player);
  player = new LivePlayer(video, camera, { sound: false, stream: "main", onState: show });
}

function stop() {
  player?.close();
  player = null;
  show({ state: "stopped" });
}

document.addEventListener("visibilitychange", () => (document.hidden ? stop() : play()));
addEventListener("pagehide", stop);
play();
