// Polygons in shares of the picture: the arithmetic of drawing them.

export const clamp = (value) => Math.min(1, Math.max(0, value));
export const round = (value) => Math.round(clamp(value) * 10000) / 10000;
export const LEAST_AREA = 0.0005, MOST_POINTS = 64;

export function area(points) {
  let sum = 0;
  points.forEach(([x1, y1], at) => {
    const [x2, y2] = points[(at + 1) % points.length];
    sum += x1 * y2 - x2 * y1;
  });
  return Math.abs(sum) / 2;
}

const side = (a, b, p) => (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);

function cross(a, b, c, d) {
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

export function crossesItself(points) {
  const edges = points.map((point, at) => [point, points[(at + 1) % points.length]]);
  return edges.some((one, i) => edges.some((other, j) => j > i + 1 && !(i === 0 && j === edges.length - 1) && cross(...one, ...other)));
}

// What is wrong with a zone, in words; empty when it can be saved.
export function wrongWith(zone, all) {
  const name = zone.name.trim();
  if (!name) return "A zone needs a name.";
  if (all.filter((other) => other.name.trim() === name).length > 1) return `Two zones are called “${name}”.`;
  if (zone.polygon.length < 3) return `“${name}” needs at least three points.`;
  if (zone.polygon.length > MOST_POINTS) return `“${name}” has more than ${MOST_POINTS} points.`;
  if (crossesItself(zone.polygon)) return `The outline of “${name}” crosses itself. Move a point so that no two edges cross.`;
  if (area(zone.polygon) < LEAST_AREA) return `“${name}” is too small to stand in. Draw it larger.`;
  if (!(zone.min_dwell_s >= 0 && zone.min_dwell_s <= 3600)) return `“${name}”: seconds inside are a number from 0 to 3600.`;
  return "";
}

export function middle(points) {
  const sum = points.reduce(([x, y], point) => [x + point[0], y + point[1]], [0, 0]);
  return [sum[0] / points.length, sum[1] / points.length];
}

// All points moved by the same way, as far as all of them stay inside the picture.
export function moved(points, dx, dy) {
  const xs = points.map((point) => point[0]), ys = points.map((point) => point[1]);
  const x = Math.min(1 - Math.max(...xs), Math.max(-Math.min(...xs), dx));
  const y = Math.min(1 - Math.max(...ys), Math.max(-Math.min(...ys), dy));
  return points.map((point) => [round(point[0] + x), round(point[1] + y)]);
}
