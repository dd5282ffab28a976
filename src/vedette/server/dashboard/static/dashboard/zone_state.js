// The zones that are being drawn: which is chosen, what was before, what has not been saved.

const MOST_STEPS = 100;

export class ZoneState extends EventTarget {
  constructor(rows, colours) {
    super();
    this.colours = colours;
    this.load(rows);
  }

  load(rows) {
    this.zones = rows.map((row, at) => ({ ...row, colour: row.colour || this.colours[at % this.colours.length] }));
    this.saved = JSON.stringify(this.zones);
    this.at = this.zones.length ? 0 : -1;
    this.past = [];
    this.future = [];
    this.tell();
  }

  get chosen() { return this.zones[this.at] ?? null; }
  get dirty() { return JSON.stringify(this.zones) !== this.saved; }

  choose(at) {
    if (at === this.at) return;
    this.at = at;
    this.tell();
  }

  // Remembers how it is now; the change that follows can be taken back.
  remember() {
    this.past.push(JSON.stringify([this.zones, this.at]));
    if (this.past.length > MOST_STEPS) this.past.shift();
    this.future = [];
  }

  change(work) {
    this.remember();
    work(this.chosen);
    this.tell();
  }

  add(polygon) {
    this.remember();
    const used = new Set(this.zones.map((zone) => zone.colour));
    const colour = this.colours.find((one) => !used.has(one)) ?? this.colours[this.zones.length % this.colours.length];
    const names = new Set(this.zones.map((zone) => zone.name));
    let number = this.zones.length + 1;
    while (names.has(`Zone ${number}`)) number += 1;
    this.zones.push({ name: `Zone ${number}`, polygon, labels: [], min_dwell_s: 0, kind: "include", colour });
    this.at = this.zones.length - 1;
    this.tell();
  }

  remove() {
    this.remember();
    this.zones.splice(this.at, 1);
    this.at = Math.min(this.at, this.zones.length - 1);
    this.tell();
  }

  undo() { this.step(this.past, this.future); }
  redo() { this.step(this.future, this.past); }

  step(from, to) {
    if (!from.length) return;
    to.push(JSON.stringify([this.zones, this.at]));
    [this.zones, this.at] = JSON.parse(from.pop());
    this.tell();
  }

  keep() {
    this.saved = JSON.stringify(this.zones);
    this.tell();
  }

  tell() { this.dispatchEvent(new Event("change")); }
}
