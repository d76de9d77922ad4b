// Linked maps: a choice made on one is shown on all at once, and then told to the server.
//
// This module draws two kinds of element. One brings a packet of points, which the server sends once;
// the other says how they are drawn and who is chosen, and comes anew with each choice.

const KEPT = 6; // packets
const packets = new Map(); // by digest
const scenes = new Map(); // by the element that shows them

export default function (component) {
  const { data, parentElement: parent, setTriggerValue } = component;
  if (data instanceof Uint8Array) return receive(data, parent);
  const box = parent.querySelector(".linked");
  let scene = scenes.get(box);
  if (!scene) {
    scene = makeScene(box, parent.querySelector("template"));
    scenes.set(box, scene);
  }
  scene.tell = (unheard) => setTriggerValue("chosen", unheard);
  scene.update(data);
  return () => {
    scene.end();
    scenes.delete(box);
  };
}

/** Points have come: whoever waits for them draws them. Their own element takes no room. */
function receive(bytes, parent) {
  parent.host.closest('[data-testid="stElementContainer"]').style.display = "none";
  const digest = digestOf(bytes);
  if (packets.has(digest)) return;
  packets.set(digest, partsOf(bytes));
  if (packets.size > KEPT) packets.delete(packets.keys().next().value);
  scenes.forEach((scene) => scene.data.digest === digest && scene.show());
}

function makeScene(box, template) {
  const grid = box.querySelector(".panes"), said = box.querySelector(".said");
  const who = Math.random().toString(36).slice(2);
  grid.replaceChildren();
  let panes = [], told = 0, unheard = [], classes = "";
  const scene = { data: null, parts: null, marks: null, hidden: null, count: 0 };

  scene.face = (i) => (scene.rows ? scene.rows[i] : i);
  scene.say = (words) => (said.textContent = words);
  scene.named = (i) => {
    const { names, codes } = scene.parts;
    const own = names ? names.classes[codes[i]] : scene.data.classes[codes[i]];
    return names ? `${names.ids[i]}: ${own}` : (own ?? "");
  };

  scene.update = (data) => {
    scene.data = data;
    unheard = data.heard[0] === who ? unheard.filter(([number]) => number > data.heard[1]) : unheard;
    if (!unheard.length || scene.marks?.length !== data.faces) mark(marksOf(data.chosen, data.faces));
    while (panes.length > data.panes.length) panes.pop().root.remove();
    while (panes.length < data.panes.length) {
      panes.push(makePane(template, scene, panes.length));
      grid.append(panes.at(-1).root);
    }
    grid.style.setProperty("--wide", data.wide);
    box.hidden = false;
    scene.show();
  };

  scene.show = () => {
    const { data } = scene, parts = packets.get(data.digest) ?? null;
    scene.parts = parts;
    if (parts) {
      const { codes, of, rows } = parts, { looks, size, outlined } = data;
      Object.assign(scene, { codes, of, rows, looks, size, outlined });
      const key = JSON.stringify([data.classes, data.only, parts.of.length]);
      if (key !== classes) {
        classes = key;
        scene.hidden = parts.of.map((_, code) => (data.only >= 0 && code !== data.only ? 1 : 0));
      }
      legend(box.querySelector(".legend"), scene);
    }
    panes.forEach((pane) => pane.show());
  };

  function mark(marks) {
    scene.marks = marks;
    scene.count = marks.reduce((sum, one) => sum + one, 0);
  }

  /** The faces that a loop on `pane` holds are chosen: shown at once, and told to the server. */
  scene.choose = (test, pane) => {
    if (!scene.parts) return;
    const { codes, marks, hidden, data } = scene, inside = new Uint8Array(data.faces);
    for (let i = 0; i < codes.length; i++) {
      if (!hidden[codes[i]] && test(pane.at[2 * i], pane.at[2 * i + 1])) inside[scene.face(i)] = 1;
    }
    const ways = {
      "adds": (face) => marks[face] | inside[face],
      "takes away": (face) => marks[face] & ~inside[face],
    };
    const way = ways[data.how];
    mark(way ? marks.map((_, face) => way(face)) : inside);
    panes.forEach((one) => one.show());
    const [some, all] = [scene.count, data.faces].map((one) => one.toLocaleString("en"));
    scene.say(`${some} of ${all} faces chosen`);
    // All that the server has not answered yet: of two that come quickly it may hear only the last.
    unheard.push([++told, bitsOf(inside)]);
    scene.tell({ who, choices: unheard });
  };

  const observer = new ResizeObserver(() => panes.forEach((pane) => pane.fits() || pane.show()));
  observer.observe(grid);
  scene.end = () => observer.disconnect();
  return scene;
}

/** A button for each class: a press hides it, Enter or a double click shows it alone. */
function legend(box, scene) {
  const { data, of } = scene;
  const shown = [...data.classes.keys()].filter((code) => data.only < 0 || code === data.only);
  const key = JSON.stringify([data.classes, shown, data.looks]);
  if (box.dataset.key !== key) {
    box.dataset.key = key;
    box.replaceChildren(...(data.classes.length > 1 ? shown : []).map((code) => {
      const button = document.createElement("button");
      button.append(swatch(data.looks[of[code]]), data.classes[code]);
      button.addEventListener("click", () => turn(() => (scene.hidden[code] ^= 1)));
      button.addEventListener("dblclick", () => turn(() => alone(code)));
      button.addEventListener("keydown", (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        turn(() => alone(code));
      });
      return button;
    }));
  }
  [...box.children].forEach((button, at) => {
    button.setAttribute("aria-pressed", !scene.hidden[shown[at]]);
  });

  function turn(change) {
    change();
    scene.show();
  }

  /** One class alone, or all of them where it stands alone already. */
  function alone(code) {
    const others = shown.some((one) => one !== code && !scene.hidden[one]);
    shown.forEach((one) => (scene.hidden[one] = others && one !== code ? 1 : 0));
    scene.hidden[code] = 0;
  }
}

/** The mark of a class, drawn as the points are. */
function swatch(look) {
  const canvas = document.createElement("canvas"), size = 26;
  canvas.width = canvas.height = size;
  canvas.setAttribute("aria-hidden", "true");
  const scene = { codes: [0], of: [0], rows: null, marks: [0], hidden: [0], looks: [look], count: 0,
    size: size - 2, outlined: 1 };
  paint(canvas, { scale: 1, left: size / 2, top: size / 2 }, 1, [0, 0], scene);
  return canvas;
}
