// Packets, bits, windows and loops. Nothing here knows of a page.

const ARRAYS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array };
const DIGITS = 32;

/** The digest of a packet of points (core/plots/projection_points.py). */
function digestOf(bytes) {
  return String.fromCharCode(...bytes.subarray(0, DIGITS));
}

/** The parts of a packet by name: typed arrays, or what JSON says. */
function partsOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const start = DIGITS + 4, length = view.getUint32(DIGITS, true), text = new TextDecoder();
  const body = start + length, parts = {};
  for (const [name, kind, from, size] of JSON.parse(text.decode(bytes.subarray(start, body)))) {
    const raw = bytes.slice(body + from, body + from + size);
    parts[name] = kind === "json" ? JSON.parse(text.decode(raw)) : new ARRAYS[kind](raw.buffer);
  }
  return parts;
}

/** One bit a face, the first the highest of its byte, as base64; and back. */
function bitsOf(marks) {
  const packed = new Uint8Array((marks.length + 7) >> 3);
  for (let face = 0; face < marks.length; face++) {
    if (marks[face]) packed[face >> 3] |= 0x80 >> (face & 7);
  }
  let told = "";
  for (let at = 0; at < packed.length; at += 8192) {
    told += String.fromCharCode(...packed.subarray(at, at + 8192));
  }
  return btoa(told);
}

function marksOf(told, faces) {
  const packed = atob(told), marks = new Uint8Array(faces);
  for (let face = 0; face < faces; face++) {
    marks[face] = (packed.charCodeAt(face >> 3) >> (7 - (face & 7))) & 1;
  }
  return marks;
}

/** How the window [x0, y0, x1, y1] lies on a map of width by height: one unit is equally long on
 * both axes, v goes up. */
function frameOf([x0, y0, x1, y1], width, height) {
  const scale = Math.min(width / (x1 - x0), height / (y1 - y0));
  return { scale, left: (width - scale * (x0 + x1)) / 2, top: (height + scale * (y0 + y1)) / 2 };
}

/** A test whether a point lies in the polygon with corners xs, ys, by the even-odd rule. Each point
 * meets the edges of its own band of y only. */
function insideOf(xs, ys) {
  const bands = Array.from({ length: 64 }, () => []);
  const left = Math.min(...xs), right = Math.max(...xs), low = Math.min(...ys), high = Math.max(...ys);
  const per = bands.length / (high - low || 1);
  const band = (y) => Math.min(bands.length - 1, Math.floor((y - low) * per));
  for (let i = 0, j = xs.length - 1; i < xs.length; j = i++) {
    const last = band(Math.max(ys[i], ys[j]));
    for (let one = band(Math.min(ys[i], ys[j])); one <= last; one++) bands[one].push(i, j);
  }
  return (x, y) => {
    if (!(x >= left && x <= right && y >= low && y <= high)) return false; // no place is NaN
    const edges = bands[band(y)];
    let odd = false;
    for (let edge = 0; edge < edges.length; edge += 2) {
      const i = edges[edge], j = edges[edge + 1];
      if (ys[i] > y !== ys[j] > y && x < ((xs[j] - xs[i]) * (y - ys[i])) / (ys[j] - ys[i]) + xs[i]) {
        odd = !odd;
      }
    }
    return odd;
  };
}
