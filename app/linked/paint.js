// Points as pixels: each shape is a stamp of a few pixels, written into the image one by one.

const MARGIN = 40; // pixels round the image, so that a point at the edge needs no clipping

/** The corners of a regular polygon or star, as a test; radii alternate, the first points up. */
function spokes(corners, inner = 1) {
  const count = inner < 1 ? 2 * corners : corners, xs = [], ys = [];
  for (let k = 0; k < count; k++) {
    const radius = k % 2 && inner < 1 ? inner : 1, turn = (2 * Math.PI * k) / count;
    xs.push(radius * Math.sin(turn));
    ys.push(-radius * Math.cos(turn));
  }
  return insideOf(xs, ys);
}

const { abs, max, min, hypot } = Math;
/** Whether (x, y), from -1 to 1 and down, is part of a shape; the names are those of plotly. */
const SHAPES = {
  "circle": (x, y) => hypot(x, y) <= 1,
  "circle-open": (x, y) => hypot(x, y) <= 1 && hypot(x, y) > 0.55,
  "square": (x, y) => max(abs(x), abs(y)) <= 0.85,
  "diamond": (x, y) => abs(x) + abs(y) <= 1.05,
  "triangle-up": (x, y) => abs(x) <= (y + 1) / 1.8 && y <= 0.8,
  "triangle-down": (x, y) => abs(x) <= (1 - y) / 1.8 && y >= -0.8,
  "cross": (x, y) => min(abs(x), abs(y)) <= 0.34,
  "x": (x, y) => abs(abs(x) - abs(y)) <= 0.36 && max(abs(x), abs(y)) <= 0.9,
  "star": spokes(5, 0.45),
  "hexagon": spokes(6),
  "pentagon": spokes(5),
  "bowtie": (x, y) => abs(y) <= abs(x) + 0.05 && abs(x) <= 0.95,
  "hourglass": (x, y) => abs(x) <= abs(y) + 0.05 && abs(y) <= 0.95,
};

/** The pixels of a shape `size` pixels wide in rows of `width` pixels: of its inside and its edge. */
function stamp(shape, size, width, outlined) {
  const test = SHAPES[shape] ?? SHAPES.circle, middle = (size - 1) / 2;
  const part = (i, j) => test((i - middle) / (size / 2), (j - middle) / (size / 2));
  const inside = [], edge = [];
  for (let j = 0; j < size; j++) {
    for (let i = 0; i < size; i++) {
      if (!part(i, j)) continue;
      const within = part(i - 1, j) && part(i + 1, j) && part(i, j - 1) && part(i, j + 1);
      const list = outlined && !within && shape !== "circle-open" ? edge : inside;
      list.push((j - Math.floor(middle)) * width + i - Math.floor(middle));
    }
  }
  return { inside: Int32Array.from(inside), edge: Int32Array.from(edge) };
}

/** "#RRGGBB" as one opaque pixel of an image. */
function pixel(colour) {
  const value = parseInt(colour.slice(1), 16);
  return ((255 << 24) | ((value & 255) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}

/** A step that visits all of n places, so that no class lies above the others for coming later. */
function strideOf(n) {
  const divisor = (a, b) => (b ? divisor(b, a % b) : a);
  let step = Math.max(1, Math.floor(n * 0.618));
  while (divisor(n, step) !== 1) step++;
  return step;
}

/**
 * Draw the points `at` on `canvas`, the chosen ones larger and above the others, which are faint
 * where anybody is chosen. `scene` has codes, of, rows, marks, hidden, looks, size and outlined.
 */
function paint(canvas, frame, ratio, at, scene) {
  const { codes, of, rows, marks, hidden, looks } = scene, n = codes.length;
  const wide = canvas.width + 2 * MARGIN, high = canvas.height + 2 * MARGIN;
  const image = new ImageData(wide, high), pixels = new Uint32Array(image.data.buffer);
  const scale = frame.scale * ratio;
  const [left, top] = [frame.left, frame.top].map((one) => one * ratio + MARGIN);
  const step = strideOf(n);
  for (const chosen of scene.count ? [0, 1] : [0]) {
    const outlined = (chosen ? scene.count : n) <= scene.outlined;
    const size = Math.round((scene.size + 2 * chosen) * ratio), reach = Math.ceil(size / 2) + 1;
    const stamps = looks.map((look) => stamp(look.shape, size, wide, outlined));
    const colours = looks.map((look) => pixel(scene.count && !chosen ? look.faint : look.colour));
    const rims = scene.count && !chosen ? colours : looks.map((look) => pixel(look.rim));
    for (let k = 0, i = 0; k < n; k++, i = (i + step) % n) {
      if (marks[rows ? rows[i] : i] !== chosen || hidden[codes[i]]) continue;
      const x = left + scale * at[2 * i], y = top - scale * at[2 * i + 1];
      if (!(x >= reach && x < wide - reach && y >= reach && y < high - reach)) continue;
      const place = Math.floor(y) * wide + Math.floor(x), look = of[codes[i]];
      const { inside, edge: rim } = stamps[look];
      for (let p = 0; p < inside.length; p++) pixels[place + inside[p]] = colours[look];
      for (let p = 0; p < rim.length; p++) pixels[place + rim[p]] = rims[look];
    }
  }
  canvas.getContext("2d").putImageData(image, -MARGIN, -MARGIN);
}

/** Lines of equal density above the points: with a rim of the ground, or they would be lost there. */
function contours(canvas, frame, ratio, lines, ground, text) {
  const context = canvas.getContext("2d");
  context.save();
  context.scale(ratio, ratio);
  context.beginPath();
  for (let at = 0, on = false; at < lines.length; at += 2) {
    const x = frame.left + frame.scale * lines[at], y = frame.top - frame.scale * lines[at + 1];
    if (Number.isNaN(x)) on = false;
    else if (on) context.lineTo(x, y);
    else context.moveTo(x, y);
    on = !Number.isNaN(x);
  }
  for (const [width, colour, alpha] of [[2.5, ground, 0.6], [1, text, 0.9]]) {
    context.globalAlpha = alpha;
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
  context.restore();
}
