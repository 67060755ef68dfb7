/**
 * The browser half of `limit_marks.py`: limits and answers over a Plotly chart of the same page.
 *
 * Streamlit gives no access to a drawn chart but a new figure, and Plotly recalculates every point when a shape of
 * the figure moves. So the marks are two SVG layers of their own inside the chart's container, one below its points
 * (regions and lines) and one above them (words and stars). Positions come from the axes that Plotly keeps on the
 * chart's element, as in Plotly's own example of catching clicks anywhere on a chart.
 */

const SVG = "http://www.w3.org/2000/svg";

/** Plotly events after which a value may be at another place. */
const MOVES = ["plotly_afterplot", "plotly_relayouting"];

/** What says that the marks of a chart are elsewhere before Streamlit does (`live_answers.js`). */
const MARKS = "bakeoff:marks";

const TEXT_PX = 12;

/** Outer radius and line width of the two stars, in pixels: the pick solid, the other answer hollow. */
const STARS = { other: { radius: 11, line: 2 }, pick: { radius: 13, line: 1 } };

const instances = new WeakMap();

export default function mount({ data, parentElement }) {
  let marks = instances.get(parentElement);
  if (!marks) instances.set(parentElement, (marks = new LimitMarks()));
  marks.update(data);

  const call = ++marks.calls;
  return () => {
    // Streamlit also cleans up after a call that a newer one is overtaking; only the last one ends the marks.
    setTimeout(() => {
      if (marks.calls !== call) return;
      marks.destroy();
      instances.delete(parentElement);
    });
  };
}

class LimitMarks {
  constructor() {
    this.calls = 0;
    this.chart = null; // the element that Plotly draws in
    this.under = layer("bakeoff-marks under");
    this.over = layer("bakeoff-marks over");
    this.place = this.place.bind(this);
    // The chart may be drawn after the marks, or anew: both show as nodes that come and go.
    this.nodes = new MutationObserver(() => this.isAttached() || this.attach());
    this.nodes.observe(document.body, { childList: true, subtree: true });
    this.onMarks = ({ detail }) => {
      if (detail.chart === this.data?.chart) this.update({ ...this.data, marks: detail.marks });
    };
    document.addEventListener(MARKS, this.onMarks);
  }

  update(data) {
    this.data = data;
    if (this.isAttached()) this.place();
    else this.attach();
  }

  destroy() {
    document.removeEventListener(MARKS, this.onMarks);
    this.nodes.disconnect();
    this.detach();
  }

  isAttached() {
    return Boolean(this.chart?.isConnected && this.under.isConnected && this.over.isConnected);
  }

  attach() {
    this.detach();
    this.chart = document.querySelector(`.st-key-${this.data.chart} .js-plotly-plot`);
    const container = this.chart?.querySelector(".svg-container");
    const points = container?.querySelector(".main-svg");
    if (!points || !this.chart.on) return;
    container.insertBefore(this.under, points);
    points.after(this.over);
    for (const event of MOVES) this.chart.on(event, this.place);
    this.place();
  }

  detach() {
    for (const event of MOVES) this.chart?.removeListener?.(event, this.place);
    this.chart = null;
    this.under.remove();
    this.over.remove();
  }

  /** Draw every mark at its place. */
  place() {
    const layout = this.chart?._fullLayout;
    const [x, y] = [scale(layout?.xaxis), scale(layout?.yaxis)];
    if (!x || !y) return;
    const { marks, colours, shade, font } = this.data;
    const [left, right, top, bottom] = [x.start, x.end, y.start, y.end];
    const budget = marks.budget && x.pixel(marks.budget.at);
    const floor = marks.floor && y.pixel(marks.floor.at);
    const edge = marks.budget ? clamp(budget, left, right) : right;

    // What the limits exclude is shaded once: above the budget, then the rest below the floor.
    const region = { fill: colours.quiet, "fill-opacity": shade };
    const line = { stroke: colours.limit, "stroke-width": 1.4, "stroke-dasharray": "2 3" };
    const under = [];
    if (marks.budget) under.push(node("rect", { ...region, ...box(edge, right, top, bottom) }));
    if (marks.floor) under.push(node("rect", { ...region, ...box(left, edge, clamp(floor, top, bottom), bottom) }));
    const shownBudget = marks.budget && left < budget && budget < right;
    const shownFloor = marks.floor && top < floor && floor < bottom;
    if (shownBudget) under.push(node("line", { class: "budget", ...line, x1: budget, x2: budget, y1: top, y2: bottom }));
    if (shownFloor) under.push(node("line", { class: "floor", ...line, x1: left, x2: right, y1: floor, y2: floor }));

    const words = { fill: colours.limit, "font-size": TEXT_PX, "font-family": font };
    const over = [];
    if (shownBudget) over.push(text(`over ${marks.budget.text}`, { ...words, x: budget + 4, y: bottom - 5 }));
    if (shownFloor) over.push(text(`under ${marks.floor.text}`, { ...words, x: left + 4, y: floor + TEXT_PX + 2 }));
    for (const [name, style] of Object.entries(STARS)) {
      const spot = marks[name];
      if (!spot) continue;
      const [at, up] = [x.pixel(spot.x), y.pixel(spot.y)];
      if (at < left - 1 || at > right + 1 || up < top - 1 || up > bottom + 1) continue;
      const colour = { stroke: colours.pick, fill: name === "pick" ? colours.pick : "none" };
      over.push(node("path", { class: name, d: star(at, up, style.radius), "stroke-width": style.line, ...colour }));
    }
    this.under.replaceChildren(...under);
    this.over.replaceChildren(...over);
    if (shownBudget) flipAtTheEdge(over[0], budget, right);
  }
}

/** Say what lies beyond the budget on its other side where there is no room. */
function flipAtTheEdge(words, budget, right) {
  if (budget + 4 + words.getComputedTextLength() <= right) return;
  words.textContent += " →";
  words.setAttribute("x", budget - 4);
  words.setAttribute("text-anchor", "end");
}

/** Where the values of an axis are, in pixels of the chart; null while it is not laid out. */
function scale(axis) {
  if (!axis?.range || !axis._length) return null;
  const [first, last] = axis.range;
  const start = axis._offset;
  const end = start + axis._length;
  const isUpright = axis._id.startsWith("y");
  return {
    start,
    end,
    pixel(value) {
      const share = ((axis.type === "log" ? Math.log10(value) : value) - first) / (last - first);
      return isUpright ? end - share * axis._length : start + share * axis._length;
    },
  };
}

function layer(name) {
  // A compositing layer each (`will-change`): a moved line then repaints itself and not the thousand points beside it.
  const place = "position:absolute;inset:0;width:100%;height:100%;overflow:hidden";
  const style = `${place};pointer-events:none;will-change:transform`;
  return node("svg", { class: name, style, "aria-hidden": "true" });
}

function node(kind, attributes) {
  const made = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function text(words, attributes) {
  const made = node("text", attributes);
  made.textContent = words;
  return made;
}

function box(left, right, top, bottom) {
  return { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
}

/** The outline of a five-pointed star. */
function star(x, y, radius) {
  const corners = Array.from({ length: 10 }, (_, at) => {
    const angle = (at * Math.PI) / 5;
    const reach = at % 2 ? radius * 0.382 : radius;
    return `${(x + reach * Math.sin(angle)).toFixed(2)},${(y - reach * Math.cos(angle)).toFixed(2)}`;
  });
  return `M${corners.join("L")}Z`;
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
