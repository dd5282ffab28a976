// Newest pictures of cameras: gently, only while they are on the screen, and one request at a time each.

const MOVING_MS = 1000, QUIET_MS = 5000, FAILED_MS = 6000;

// A form that was sent leads to another page; its camera may be gone by then.
let leaving = false;
addEventListener("submit", () => { leaving = true; });
addEventListener("pageshow", () => { leaving = false; });

function standing(image) {
  return document.getElementById(image.dataset.standing)?.dataset ?? {};
}

async function load(image) {
  const answer = await fetch(image.dataset.still, { cache: "no-store" });
  if (!answer.ok) return false;
  const address = URL.createObjectURL(await answer.blob());
  const before = image.src;
  image.src = address;
  try { await image.decode(); } catch { return false; } finally { if (before.startsWith("blob:")) URL.revokeObjectURL(before); }
  image.hidden = false;
  return true;
}

function keep(image, fast) {
  let onScreen = false, timer = 0, loading = false, had = false;

  async function next() {
    timer = 0;
    if (!onScreen || document.hidden || loading || leaving) return;
    const state = standing(image);
    const worthIt = state.picture === "yes" && !(had && state.state === "ended");
    let good = true;
    if (worthIt) {
      loading = true;
      try { good = await load(image); } catch { good = false; }
      loading = false;
      had ||= good;
    } else if (state.state === "disabled") {
      image.hidden = true;
    }
    wait(!good ? FAILED_MS : state.gate === "open" || fast ? MOVING_MS : QUIET_MS);
  }
  function wait(ms) {
    clearTimeout(timer);
    if (onScreen && !document.hidden) timer = setTimeout(next, ms);
  }
  new IntersectionObserver((seen) => {
    onScreen = seen.at(-1).isIntersecting;
    if (onScreen && !timer && !loading) wait(0);
  }).observe(image.parentElement);
  document.addEventListener("visibilitychange", () => wait(0));
  // When the gate opens or the camera comes back, the next picture need not wait for the slow rhythm.
  document.addEventListener("swapped", () => { if (!loading && standing(image).gate === "open") wait(MOVING_MS / 2); });
}

for (const image of document.querySelectorAll("img[data-still]")) keep(image, "eager" in image.dataset);
