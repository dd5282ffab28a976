// Every part of a camera's page: forms that are saved without leaving it, and how the camera stands.

import { begin, heard, isPending } from "./applied.js";
import { ask, follow, parse, put } from "./live.js";

const KEPT = ["applied", "problem", "found", "profile-form", "messages"];
const camera = document.getElementById("camera").dataset.camera;
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

// Sends a form and puts what the answer brings in place; true when it was accepted.
async function send(form, button) {
  const data = new FormData(form, button);
  const url = new URL(form.getAttribute("action"), location.href);
  url.searchParams.set("part", "1");
  const busy = button?.dataset.busy, before = button?.textContent;
  if (button) button.disabled = true;
  if (busy) button.textContent = busy;
  try {
    const answer = await fetch(url, { method: "POST", body: data, headers: { Accept: "text/html" } });
    if (answer.redirected && new URL(answer.url).pathname === "/login") location.reload();
    const page = parse(await answer.text());
    const saved = page.querySelector("#applied[data-saved]") !== null;
    put(page);
    if (saved) begin();
    if (saved && form.elements.password) form.elements.password.value = "";
    return answer.ok && saved;
  } catch {
    tell("The server does not answer. Nothing was saved; try again.");
    return false;
  } finally {
    if (button) button.disabled = false;
    if (busy) button.textContent = before;
  }
}

function tell(text) {
  const note = document.createElement("p");
  note.className = "note error";
  note.setAttribute("role", "alert");
  note.textContent = text;
  document.getElementById("problem").replaceChildren(note);
}

// The forms as the server would show them now; the heads of the page stay.
async function renew(only) {
  const page = await ask();
  if (!page) return;
  for (const form of document.querySelectorAll(only)) {
    const fresh = page.getElementById(form.id) ?? page.querySelector(`form[action="${form.getAttribute("action")}"]`);
    if (fresh) form.replaceChildren(...document.adoptNode(fresh).childNodes);
  }
  document.querySelectorAll("main [data-without-script]").forEach((part) => { part.hidden = true; });
  document.dispatchEvent(new CustomEvent("renewed", { detail: page }));
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-save], form[data-autosave], form.undo")) return;
  event.preventDefault();
  event.stopPropagation();
  const accepted = await send(form, event.submitter);
  if (accepted && form.matches(".undo")) await renew("form[data-save]:not([data-own]), form[data-autosave]");
  else if (accepted && "reload" in form.dataset) await renew("form[data-reload]");
  if (accepted) document.dispatchEvent(new CustomEvent("saved", { detail: form }));
}, true);

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-autosave]")) form.requestSubmit();
});

// News bring how it stands; what somebody is typing, and what was said of it, stays.
async function refresh() {
  const page = await ask();
  if (!page) return;
  const fresh = page.getElementById("applied");
  if (fresh) heard({ camera, revision: Number(fresh.dataset.running), node: fresh.dataset.worker });
  for (const id of KEPT) page.getElementById(id)?.removeAttribute("data-live");
  put(page);
}

follow({
  kinds: ["camera", "event"],
  matters: (news, kind) => {
    if (news.camera !== camera) return false;
    if (kind === "camera") heard(news);
    return true;
  },
  everyS: 10,
  gapS: isPending() ? 1 : 3,
  refresh,
});
