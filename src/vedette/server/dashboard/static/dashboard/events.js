// The events page: new events arrive by themselves at the top, or wait behind a button further down.

import { arrivals, ask, follow, put, putList } from "./live.js";

const NEAR_TOP = 240;
const list = document.querySelector("#events[data-live-list]");
const button = document.getElementById("arrivals");
let waiting = null;

function show(page) {
  putList(list, page);
  put(page);
  waiting = null;
  button.parentElement.hidden = true;
}

async function refresh() {
  const page = await ask();
  if (!page) return;
  const count = arrivals(list, page).length;
  if (!count || scrollY < NEAR_TOP) return show(page);
  waiting = page;
  button.textContent = count === 1 ? "1 new event" : `${count} new events`;
  button.parentElement.hidden = false;
}

if (list) {
  button.addEventListener("click", () => { if (waiting) show(waiting); scrollTo({ top: 0 }); });
  follow({ kinds: ["event"], refresh });
}
