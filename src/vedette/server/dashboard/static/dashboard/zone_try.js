// What drawn zones would do, judged by the server: for what the detector sees now, and for the newest events.

const SOON_MS = 350;
const by = (id) => document.getElementById(id);

export class ZoneTry {
  constructor(camera, state, canvas) {
    Object.assign(this, { camera, state, canvas, seen: null, timer: 0, asked: 0 });
    state.addEventListener("change", () => this.later());
    by("trails").addEventListener("change", () => this.mark());
    this.later();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), SOON_MS);
  }

  async post(path, body) {
    const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(`/api/v1/cameras/${this.camera}/${path}`, {
      method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": token }, body: JSON.stringify(body ?? {}),
    });
    const said = await answer.json();
    if (!answer.ok) throw new Error(`${said.error} ${said.hint ?? ""}`.trim());
    return said;
  }

  // Has the detector look at the newest picture; returns the picture.
  async look() {
    const found = await this.post("look");
    this.seen = { ...found, picture: "" };
    await this.ask();
    return found;
  }

  async ask() {
    const mine = (this.asked += 1);
    const { zones } = this.state;
    if (zones.some((zone) => zone.polygon.length < 3 || !zone.name.trim())) return;
    const { width, height, objects = [] } = this.seen ?? {};
    try {
      const told = await this.post("zones/test", { zones, objects: objects.map((one) => ({ ...one, width, height })) });
      if (mine !== this.asked) return;
      this.told = told;
      this.show();
      this.mark();
    } catch (error) {
      if (mine === this.asked) by("past").textContent = error.message;
    }
  }

  show() {
    if (this.seen) this.showNow();
    this.showPast();
  }

  showNow() {
    const { objects } = this.told;
    const head = document.createElement("p");
    const counted = objects.filter((one) => one.counts).length;
    const by_whom = this.seen.model ? ` by ${this.seen.model}` : "";
    head.textContent = objects.length ? `${objects.length} seen${by_whom}; ${counted} would count.` : `Nothing is seen${by_whom} on this picture.`;
    const scores = this.seen.objects.map((one) => `${Math.round(one.score * 100)} %`);
    by("now").replaceChildren(head, ...this.note(), list(objects, (one, at) => scores[at]));
  }

  note() {
    if (!this.seen.message) return [];
    const note = document.createElement("p");
    note.className = "note";
    note.textContent = this.seen.message;
    return [note];
  }

  showPast() {
    const { events } = this.told;
    const head = document.createElement("p");
    const counted = events.filter((one) => one.counts).length;
    head.textContent = events.length ? `Of the last ${events.length} events, ${counted} would count with these zones.` : "There is no event yet to try them on.";
    const time = new Intl.DateTimeFormat([], { weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
    by("past").replaceChildren(head, list(events, (one) => time.format(new Date(one.start))));
  }

  // Feet, boxes and paths on the picture.
  mark() {
    if (!this.told) return;
    const { width = 1, height = 1, objects = [] } = this.seen ?? {};
    const now = this.told.objects.map((one, at) => {
      const [x, y, w, h] = objects[at].box;
      return { ...one, box: [x / width, y / height, w / width, h / height] };
    });
    const past = this.told.events.map((one) => ({ ...one, trail: by("trails").checked ? one.feet : null }));
    this.canvas.marks = [...past, ...now];
    this.canvas.draw();
  }
}

function list(rows, right) {
  const made = document.createElement("ul");
  made.className = "verdicts";
  if (rows.length > 6) made.tabIndex = 0;  // it scrolls, by keys too
  made.append(...rows.map((row, at) => {
    const item = document.createElement("li"), mark = document.createElement("span"), words = document.createElement("span"), when = document.createElement("span");
    item.className = row.counts ? "counts" : "not";
    mark.className = "mark";
    mark.textContent = row.counts ? "✓" : "✗";
    words.textContent = `${row.label[0].toUpperCase()}${row.label.slice(1)}. ${row.why}`;
    when.className = "when";
    when.textContent = right(row, at);
    item.append(mark, words, when);
    return item;
  }));
  return made;
}
