// Thumbnails that move: while the pointer rests on one, it has the focus, or its button was pressed.
//
// The recording around the event's best moment, as it was recorded: the server reads a file, nothing more.

const REST_MS = 180;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let current = null, soon = 0;

export const playing = () => current !== null;

function start(tile) {
  clearTimeout(soon);
  if (current?.tile === tile) return;
  stop();
  const button = tile.querySelector(".peek"), thumb = tile.querySelector(".thumb");
  const video = Object.assign(document.createElement("video"), { muted: true, loop: true, playsInline: true, preload: "auto" });
  video.setAttribute("aria-hidden", "true");
  video.tabIndex = -1;
  video.addEventListener("playing", () => thumb.classList.add("moving"), { once: true });
  video.addEventListener("error", () => { if (current?.video === video) none(tile); });
  video.src = button.dataset.preview;
  thumb.append(video);
  button.setAttribute("aria-pressed", "true");
  current = { tile, video };
  video.play().catch(() => { /* stopped before it began, or not playable: the still stays */ });
}

function stop() {
  clearTimeout(soon);
  if (!current) return;
  const { tile, video } = current;
  current = null;
  video.removeAttribute("src");
  video.load();
  video.remove();
  tile.querySelector(".thumb")?.classList.remove("moving");
  tile.querySelector(".peek")?.setAttribute("aria-pressed", "false");
}

// Nothing was recorded then, or the browser cannot play it.
function none(tile) {
  stop();
  tile.classList.add("still-only");
}

const tileOf = (target) => target instanceof Element ? target.closest(".tile:not(.still-only)") : null;
const list = document.getElementById("events");

list?.addEventListener("pointerover", (over) => {
  const tile = tileOf(over.target);
  if (!tile || over.pointerType === "touch" || calm.matches || current?.tile === tile) return;
  clearTimeout(soon);
  soon = setTimeout(start, REST_MS, tile);
});
list?.addEventListener("pointerout", (out) => {
  if (out.pointerType !== "touch" && tileOf(out.target) && tileOf(out.target) !== tileOf(out.relatedTarget)) stop();
});
list?.addEventListener("focusin", (focus) => {
  const tile = tileOf(focus.target);
  if (tile && !calm.matches && focus.target.matches("a:focus-visible")) soon = setTimeout(start, REST_MS, tile);
});
list?.addEventListener("focusout", (out) => { if (tileOf(out.target) !== tileOf(out.relatedTarget)) stop(); });
list?.addEventListener("click", (click) => {
  const button = click.target.closest?.(".peek");
  if (!button) return;
  const tile = button.closest(".tile"), same = current?.tile === tile;
  if (same) stop();
  else start(tile);
});
document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); });
