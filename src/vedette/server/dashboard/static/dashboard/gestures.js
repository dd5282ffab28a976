// What mouse, fingers, wheel and keys do on the time line.

import { laneAt } from "./strip.js";

const STILL_PX = 4, GRIP_PX = 12, ZOOM = 1.5;

// Calls of `does`: seek(at), pan(seconds), zoom(factor, at), peek(lane, at, x), leave(), drag(which, at), key(event).
export function gestures(element, strip, does) {
  const down = new Map();
  let moved = false, grip = null, pinch = null;

  const at = (pointer) => {
    const box = element.getBoundingClientRect();
    const x = Math.min(Math.max(pointer.clientX - box.left, 0), box.width);
    return { x, seconds: strip.window.at(x / box.width), lane: laneAt(pointer.clientY - box.top, strip.tracks.length), width: box.width };
  };

  const gripAt = (x) => {
    if (!strip.span) return null;
    const [from, to] = [strip.x(strip.span.from), strip.x(strip.span.to)];
    const near = Math.abs(x - from) < Math.abs(x - to) ? ["from", from] : ["to", to];
    return Math.abs(x - near[1]) <= GRIP_PX ? near[0] : null;
  };

  const spread = () => {
    const [first, second] = [...down.values()].map((pointer) => at(pointer).x);
    return { width: Math.max(Math.abs(first - second), 20), middle: (first + second) / 2 };
  };

  element.addEventListener("pointerdown", (pointer) => {
    if (pointer.button > 0) return;
    element.setPointerCapture(pointer.pointerId);
    down.set(pointer.pointerId, pointer);
    moved = false;
    grip = gripAt(at(pointer).x);
    pinch = down.size === 2 ? spread() : null;
  });

  element.addEventListener("pointermove", (pointer) => {
    const before = down.get(pointer.pointerId), here = at(pointer);
    if (!before) {
      element.style.cursor = gripAt(here.x) ? "ew-resize" : "";
      does.peek(here.lane, here.seconds, here.x);
      return;
    }
    moved ||= Math.abs(pointer.clientX - before.clientX) > STILL_PX;
    if (down.size === 2) {
      down.set(pointer.pointerId, pointer);
      const now = spread();
      const middle = strip.window.at(now.middle / here.width);
      does.pan(((pinch.middle - now.middle) / here.width) * strip.window.length);
      does.zoom(pinch.width / now.width, middle);
      pinch = now;
      moved = true;
    } else if (grip) {
      does.drag(grip, here.seconds);
      does.peek(here.lane, here.seconds, here.x);
    } else if (pointer.pointerType === "touch") {
      does.peek(here.lane, here.seconds, here.x);
    } else if (moved) {
      does.leave();
      does.pan(strip.window.at(at(before).x / here.width) - here.seconds);
      down.set(pointer.pointerId, pointer);
    }
  });

  const up = (pointer) => {
    const alone = down.size === 1 && down.delete(pointer.pointerId);
    const tap = alone && !grip && !pinch && pointer.type === "pointerup";
    if (tap && (!moved || pointer.pointerType === "touch")) does.seek(at(pointer).seconds);
    if (alone) { pinch = grip = null; } else down.delete(pointer.pointerId);
    if (pointer.pointerType === "touch") does.leave();
  };
  element.addEventListener("pointerup", up);
  element.addEventListener("pointercancel", up);
  element.addEventListener("pointerleave", () => { if (!down.size) does.leave(); });

  element.addEventListener("wheel", (wheel) => {
    wheel.preventDefault();
    const sideways = Math.abs(wheel.deltaX) > Math.abs(wheel.deltaY) && !wheel.ctrlKey;
    if (sideways) does.pan((wheel.deltaX / strip.width) * strip.window.length);
    else does.zoom(ZOOM ** Math.min(Math.max(wheel.deltaY / 100, -2), 2), at(wheel).seconds);
  }, { passive: false });

  element.addEventListener("keydown", (key) => { if (!key.ctrlKey && !key.metaKey && !key.altKey && does.key(key)) key.preventDefault(); });
}
