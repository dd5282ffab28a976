// The form of a rule: shows the fields of what it is about; what was tried is where one looks next.

const about = document.getElementById("about");

function fit() {
  for (const part of document.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== about.value;
}
about.addEventListener("change", fit);
fit();

document.getElementById("trial-title")?.focus();
