// The page of one event: says when the clip cannot be played, and follows the event while it goes on.

import { ask, follow, put } from "./live.js";

const clip = document.getElementById("clip");
const page = document.getElementById("event");

function unplayable() {
  // Also a video of which only the sound can be played.
  document.getElementById("unplayable").hidden = false;
}
clip?.addEventListener("error", unplayable);
clip?.addEventListener("loadedmetadata", () => { if (!clip.videoWidth) unplayable(); });

follow({
  kinds: ["event"],
  matters: (event) => event.camera === page.dataset.camera,
  refresh: async () => { const fresh = await ask(); if (fresh) put(fresh); },
});
