// The log page follows as long as the box is ticked and nobody has selected text to copy.

import { ask, follow, put } from "./live.js";

const box = document.getElementById("follow");

follow({
  kinds: [],
  everyS: 2,
  refresh: async () => {
    if (!box.checked || !document.getSelection().isCollapsed) return;
    const page = await ask();
    if (page) put(page);
  },
});
