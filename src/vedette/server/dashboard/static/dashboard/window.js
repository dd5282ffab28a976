// A stretch of time on the screen: zoom, pan, and where the clock's round moments stand in it.
// Seconds since the epoch throughout.

export const LEAST_S = 20, MOST_S = 25 * 3600;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200];
const zone = document.documentElement.dataset.zone || "UTC";
const parts = new Intl.DateTimeFormat("en-US", {
  timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
});

// How far the viewer's clock is ahead of UTC at a moment.
export function offset(seconds) {
  const read = Object.fromEntries(parts.formatToParts(seconds * 1000).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(read.year, read.month - 1, read.day, read.hour, read.minute, read.second) / 1000 - Math.floor(seconds);
}

// The moment at which the viewer's clock shows this date and time.
export function moment(year, month, day, hour = 0, minute = 0, second = 0) {
  const wall = Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
  const first = wall - offset(wall);
  return wall - offset(first);
}

// Year, month and day on the viewer's calendar.
export function calendarDay(seconds) {
  const wall = new Date((seconds + offset(seconds)) * 1000);
  return { year: wall.getUTCFullYear(), month: wall.getUTCMonth() + 1, day: wall.getUTCDate() };
}

export function midnight(seconds, days = 0) {
  const { year, month, day } = calendarDay(seconds);
  return moment(year, month, day + days);
}

export class Window {
  constructor(start, end) { this.set(start, end); }

  get length() { return this.end - this.start; }

  set(start, end) {
    const length = Math.min(Math.max(end - start, LEAST_S), MOST_S);
    const middle = (start + end) / 2;
    this.start = middle - length / 2;
    this.end = middle + length / 2;
  }

  pan(seconds) { this.set(this.start + seconds, this.end + seconds); }

  // `factor` below 1 shows less; the moment `at` stays where it is.
  zoom(factor, at = (this.start + this.end) / 2) {
    const length = Math.min(Math.max(this.length * factor, LEAST_S), MOST_S);
    const share = (at - this.start) / this.length;
    this.set(at - share * length, at + (1 - share) * length);
  }

  share(seconds) { return (seconds - this.start) / this.length; }

  at(share) { return this.start + share * this.length; }

  has(seconds) { return seconds >= this.start && seconds <= this.end; }

  // Round moments of the viewer's clock, at most one every `gapPx` pixels.
  ticks(width, gapPx) {
    const least = (this.length / width) * gapPx;
    const step = STEPS_S.find((candidate) => candidate >= least) ?? 86400;
    const found = [];
    let at = Math.ceil((this.start + offset(this.start)) / step) * step;
    for (let wall = at; found.length < 400; wall += step) {
      const seconds = wall - offset(wall - offset(wall));
      if (seconds > this.end) break;
      if (seconds >= this.start) found.push(seconds);
    }
    return { step, moments: found };
  }
}

// The step, of those people count in, that is at least this long.
export const roundStep = (seconds) => STEPS_S.find((candidate) => candidate >= seconds) ?? 86400;
