// What every page does: the time zone, the health line, the menu.

import "./zone.js";
import { ask, put } from "./live.js";

const HEALTH_S = 15;
document.documentElement.classList.add("scripted");
for (const part of document.querySelectorAll("[data-without-script]")) part.hidden = true;

const menu = document.querySelector(".menu");
document.addEventListener("click", (click) => { if (menu && !menu.contains(click.target)) menu.open = false; });
document.addEventListener("keydown", (key) => {
  if (key.key !== "Escape" || !menu?.open) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// Pages that follow the news bring the health line along; the others ask for it now and then.
if (!document.querySelector("script[src*='/dashboard/tiles.js'], script[src*='/dashboard/camera_page.js']")) {
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const page = await ask("/health");
      const fresh = page?.getElementById("health");
      if (fresh) put(only(page, fresh));
    } catch { /* the server is away; the next round tries again */ }
  }, HEALTH_S * 1000);
}

function only(page, part) {
  page.body.replaceChildren(part);
  return page;
}
