/**
 * Browser half of `patch_map.py`: an image in patches; the chosen one's likeness to all others is drawn as a heat map.
 *
 * All likenesses come at once, a byte for each pair, so that a click is answered without asking Python. Streamlit calls
 * the default export again on every run, with the same `parentElement`; the chosen patch stays as long as the map does.
 */
const STOPS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]]; // viridis
const STEPS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };

const chosenOf = new WeakMap(); // parentElement -> { map, patch }

export default function mount({ data, parentElement }) {
  const find = (selector) => [...parentElement.querySelectorAll(selector)];
  const [board, warm] = find(".board");
  const [canvas] = find("canvas");
  const { rows, columns } = data;
  const count = rows * columns;
  const alike = Uint8Array.from(atob(data.alike), (c) => c.charCodeAt(0));
  const cosine = (patch, other) => (alike[patch * count + other] / 255) * 2 - 1;

  for (const image of find("img")) image.src = data.image;
  canvas.width = columns;
  canvas.height = rows;

  const show = (patch) => {
    chosenOf.set(parentElement, { map: data.map, patch });
    const row = Math.floor(patch / columns);
    const column = patch % columns;
    const others = [...Array(count).keys()].filter((other) => other !== patch);
    const values = others.map((other) => cosine(patch, other));
    const low = Math.min(...values);
    const high = Math.max(...values);
    const nearest = others[values.indexOf(high)];

    const context = canvas.getContext("2d");
    const pixels = context.createImageData(columns, rows);
    for (let other = 0; other < count; other += 1) {
      const share = other === patch ? 1 : (cosine(patch, other) - low) / (high - low || 1);
      pixels.data.set([...colour(share), 255], other * 4);
    }
    context.putImageData(pixels, 0, 0);
    for (const mark of find(".mark")) {
      Object.assign(mark.style, {
        left: `${(100 * column) / columns}%`,
        top: `${(100 * row) / rows}%`,
        width: `${100 / columns}%`,
        height: `${100 / rows}%`,
      });
    }
    find(".low")[0].textContent = `least alike ${low.toFixed(2)}`;
    find(".high")[0].textContent = `${high.toFixed(2)} most alike`;
    find(".told")[0].textContent =
      `Patch in row ${row + 1}, column ${column + 1} of ${rows} × ${columns}. Most alike: row ` +
      `${Math.floor(nearest / columns) + 1}, column ${(nearest % columns) + 1}, cosine ${high.toFixed(2)}.`;
    board.setAttribute("aria-label", `Patches of the image; row ${row + 1}, column ${column + 1} is chosen`);
  };

  const before = chosenOf.get(parentElement);
  const middle = Math.floor(rows / 2) * columns + Math.floor(columns / 2);
  const patch = () => chosenOf.get(parentElement).patch;
  show(before?.map === data.map && before.patch < count ? before.patch : middle);

  for (const place of [board, warm]) {
    place.onclick = (event) => {
      const box = place.getBoundingClientRect();
      const at = (value, size, cells) => Math.min(cells - 1, Math.max(0, Math.floor((value / size) * cells)));
      const row = at(event.clientY - box.top, box.height, rows);
      show(row * columns + at(event.clientX - box.left, box.width, columns));
    };
  }
  board.onkeydown = (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const row = Math.min(rows - 1, Math.max(0, Math.floor(patch() / columns) + step[0]));
    const column = Math.min(columns - 1, Math.max(0, (patch() % columns) + step[1]));
    show(row * columns + column);
  };
}

function colour(share) {
  const place = Math.min(1, Math.max(0, share)) * (STOPS.length - 1);
  const at = Math.min(STOPS.length - 2, Math.floor(place));
  return STOPS[at].map((from, channel) => Math.round(from + (STOPS[at + 1][channel] - from) * (place - at)));
}
