// Adding a camera: searching and testing bring their results into the page that is open.

import { parse, put } from "./live.js";

const form = document.getElementById("wizard");
const address = document.getElementById("address");
const results = () => document.getElementById("results");

function tell(text) {
  const note = document.createElement("p");
  note.className = "note error";
  note.setAttribute("role", "alert");
  note.textContent = text;
  results().replaceChildren(note);
}

async function send(button) {
  const data = new FormData(form, button);
  const words = [...button.childNodes].map((node) => node.cloneNode(true));
  button.disabled = true;
  button.textContent = button.dataset.busy;
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`${form.getAttribute("action")}?part=1`, { method: "POST", body: data, headers: { Accept: "text/html" } });
    if (answer.redirected && new URL(answer.url).pathname === "/login") location.reload();
    put(parse(await answer.text()));
    results().scrollIntoView({ block: "nearest", behavior: "smooth" });
    const next = results().querySelector("#name:not(details #name), .devices button");
    next?.focus({ preventScroll: true });
    next?.select?.();
  } catch {
    tell("The server does not answer. Try again.");
  }
  button.replaceChildren(...words);
  button.disabled = false;
  form.removeAttribute("aria-busy");
}

form.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.dataset.busy) return;
  event.preventDefault();
  if (button.name === "pick") address.value = button.value;
  send(button);
});

// Enter in the first fields tests; in those of the results it adds.
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("input")) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector(results().contains(event.target) ? "#results button[value=add]" : "#test"));
});

// What was tested is what is added: another address wants another test.
for (const input of form.querySelectorAll("#address, #username, #password, #transport")) {
  input.addEventListener("input", () => { if (results().querySelector("input[name=main_url]")) results().replaceChildren(); });
}
