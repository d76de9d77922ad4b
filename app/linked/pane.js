// One map: its canvases, and what pointers and keys do on it.

const NEAR = 6; // pixels within which a point is named
const TINY = 4; // pixels that a hand must move before it draws anything

/** A map of `scene`; `scene.choose(test, pane)` is called with each loop that is closed. */
function makePane(template, scene, number) {
  const root = template.content.firstElementChild.cloneNode(true);
  const find = (kind) => root.querySelector(kind);
  const map = find(".map"), points = find(".points"), hand = find(".hand"), named = find(".named");
  const pane = { root, map, hand, at: null, frame: null };
  let path = null, cross = null, corner = null, drawing = 0, hovered = 0, drawn = "", size = [0, 0];

  pane.show = () => {
    const { data, parts } = scene, told = data.panes[number];
    find("h3").textContent = told.title;
    find(".note").textContent = told.note;
    find(".sample").textContent = told.sample;
    hand.setAttribute("aria-label", told.alt);
    hand.classList.toggle("still", !data.drag);
    const ratio = window.devicePixelRatio || 1, room = map.getBoundingClientRect();
    if (!parts || !room.width) return;
    drawn = pane.room();
    // Whole pixels, or the browser would blur them.
    const [wide, high] = [room.width - 2, room.height - 2].map((one) => Math.floor(one * ratio));
    for (const canvas of [points, hand]) {
      [canvas.width, canvas.height] = [wide, high];
      [canvas.style.width, canvas.style.height] = [`${wide / ratio}px`, `${high / ratio}px`];
    }
    size = [wide / ratio, high / ratio];
    pane.at = parts[`at${number}`];
    pane.frame = frameOf(told.window, ...size);
    paint(points, pane.frame, ratio, pane.at, scene);
    const lines = parts[`lines${number}`];
    if (lines) contours(points, pane.frame, ratio, lines, data.ground, data.text);
    map.dataset.marked = scene.count ? marked() : -1;
    if (path || cross) sketch();
  };

  /** Whether the map was drawn for the room that it has. */
  pane.room = () => `${map.clientWidth} ${window.devicePixelRatio}`;
  pane.fits = () => drawn === pane.room();

  /** How many of the points that this map shows are chosen. */
  function marked() {
    const { parts, marks, hidden } = scene;
    let sum = 0;
    for (let i = 0; i < parts.codes.length; i++) {
      if (!hidden[parts.codes[i]] && pane.at[2 * i] === pane.at[2 * i]) sum += marks[scene.face(i)];
    }
    return sum;
  }

  /** The loop, or the cross and its box, above the points; drawn once a frame. */
  function sketch() {
    drawing ||= requestAnimationFrame(() => {
      drawing = 0;
      const context = hand.getContext("2d"), ratio = window.devicePixelRatio || 1;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, hand.width, hand.height);
      context.strokeStyle = scene.data.text;
      const shape = path ? outline() : corner ? boxed(corner, cross) : null;
      if (shape) {
        context.setLineDash([5, 3]);
        context.beginPath();
        shape.forEach(([x, y]) => context.lineTo(x, y));
        context.closePath();
        context.globalAlpha = 0.08;
        context.fill("evenodd");
        context.globalAlpha = 1;
        context.stroke();
        context.setLineDash([]);
      }
      if (cross && !path) {
        context.beginPath();
        context.moveTo(cross[0] - 10, cross[1]);
        context.lineTo(cross[0] + 10, cross[1]);
        context.moveTo(cross[0], cross[1] - 10);
        context.lineTo(cross[0], cross[1] + 10);
        context.stroke();
      }
    });
  }

  const boxed = ([x0, y0], [x1, y1]) => [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
  const outline = () => (scene.data.drag === "select" ? boxed(path[0], path.at(-1)) : path);

  function position(event) {
    const box = hand.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  /** The faces within a shape, in pixels of the map, are what is asked for. */
  function close(shape) {
    const { scale, left, top } = pane.frame;
    const us = shape.map(([x]) => (x - left) / scale), vs = shape.map(([, y]) => (top - y) / scale);
    scene.choose(insideOf(us, vs), pane);
  }

  /** The point next to a place, if it is near; null for none. */
  function nearest([x, y], reach) {
    if (!pane.frame || !scene.parts) return null;
    const { scale, left, top } = pane.frame, { codes } = scene.parts, { at } = pane;
    const u = (x - left) / scale, v = (top - y) / scale;
    let best = null, least = (reach / scale) ** 2;
    for (let i = 0; i < codes.length; i++) {
      const far = (at[2 * i] - u) ** 2 + (at[2 * i + 1] - v) ** 2;
      if (far <= least && !scene.hidden[codes[i]]) [best, least] = [i, far];
    }
    return best;
  }

  /** Name the point next to a place, if anything is known of it; returns what is said. */
  function name(place) {
    const near = place && nearest(place, NEAR), words = near === null ? "" : scene.named(near);
    named.textContent = words;
    named.hidden = !words;
    if (words) {
      const [right, low] = place.map((one, axis) => one > size[axis] / 2);
      named.style.left = right ? "auto" : `${place[0] + 10}px`;
      named.style.right = right ? `${size[0] - place[0] + 10}px` : "auto";
      named.style.top = low ? "auto" : `${place[1] + 10}px`;
      named.style.bottom = low ? `${size[1] - place[1] + 10}px` : "auto";
    }
    return words;
  }

  function drop() {
    path = corner = null;
    sketch();
  }

  hand.addEventListener("pointerdown", (event) => {
    if (!scene.data.drag || event.button || !event.isPrimary || !pane.frame) return;
    hand.setPointerCapture(event.pointerId);
    path = [position(event)];
    cross = corner = null;
    name(null);
  });
  hand.addEventListener("pointermove", (event) => {
    if (path && event.isPrimary) {
      const moves = event.getCoalescedEvents?.() ?? [];
      for (const move of moves.length ? moves : [event]) {
        const [x, y] = position(move), [a, b] = path.at(-1);
        if (Math.hypot(x - a, y - b) >= 2) path.push([x, y]);
      }
      sketch();
    } else if (event.pointerType === "mouse") {
      hovered ||= requestAnimationFrame(() => {
        hovered = 0;
        name(path ? null : position(event));
      });
    }
  });
  hand.addEventListener("pointerleave", () => !path && name(null));
  hand.addEventListener("pointercancel", drop);
  hand.addEventListener("pointerup", (event) => {
    if (!path || !event.isPrimary) return;
    path.push(position(event));
    const shape = outline(), xs = shape.map(([x]) => x), ys = shape.map(([, y]) => y);
    const wide = Math.max(...xs) - Math.min(...xs), high = Math.max(...ys) - Math.min(...ys);
    drop();
    if (shape.length > 2 && Math.max(wide, high) > TINY) close(shape);
  });

  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  hand.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !pane.frame) return;
    const step = STEPS[event.key];
    if (event.key === "Escape") {
      drop();
      return;
    }
    if (!step && event.key !== "Enter") return;
    event.preventDefault();
    cross ??= size.map((one) => Math.round(one / 2));
    if (step) {
      const far = event.shiftKey ? 40 : 8;
      cross = cross.map((one, axis) => Math.min(size[axis], Math.max(0, one + far * step[axis])));
      scene.say(name(cross));
    } else if (corner) {
      const shape = boxed(corner, cross);
      drop();
      close(shape);
    } else {
      corner = cross;
      scene.say("A box has begun");
    }
    sketch();
  });
  hand.addEventListener("blur", () => {
    cross = corner = null;
    name(null);
    sketch();
  });
  return pane;
}
