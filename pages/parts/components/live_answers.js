/**
 * The browser half of `live_answers.py`: asks for the answers at every step of a drag, and shows them.
 *
 * One request is under way at a time; while it is, only the newest step waits. An answer that was overtaken by a run of
 * Streamlit is dropped, for that run has drawn what holds.
 */

/** What sliders say of their thumbs (`live_slider.js`); it is taken by `preventDefault`. */
const THUMB = "bakeoff:thumb";

/** What the marks over a chart listen to (`limit_marks.js`). */
const MARKS = "bakeoff:marks";

const instances = new WeakMap();

export default function mount({ data, parentElement }) {
  let answers = instances.get(parentElement);
  if (!answers) instances.set(parentElement, (answers = new LiveAnswers()));
  answers.update(data);

  const call = ++answers.calls;
  return () => {
    // Streamlit also cleans up after a call that a newer one is overtaking; only the last one ends the answers.
    setTimeout(() => {
      if (answers.calls !== call) return;
      answers.destroy();
      instances.delete(parentElement);
    });
  };
}

class LiveAnswers {
  constructor() {
    this.calls = 0;
    this.data = null;
    this.moved = new Map(); // thumbs that stand elsewhere than Python knows: value by the slider's key
    this.held = new Set(); // the sliders whose thumbs are not at rest
    this.isDue = false; // the newest step was not asked for yet
    this.isAsking = false;
    this.isDeaf = false; // nobody answers: the sliders report to Streamlit until it draws anew
    this.onThumb = this.onThumb.bind(this);
    document.addEventListener(THUMB, this.onThumb);
  }

  update(data) {
    this.data = data;
    this.isDeaf = false;
    const keys = Object.values(data.thumbs).map(([key]) => key);
    for (const key of this.held) if (!keys.includes(key)) this.held.delete(key);
    for (const key of this.moved.keys()) if (!this.held.has(key)) this.moved.delete(key); // Python knows better now
    if (this.held.size) this.ask(); // what was just drawn is not where the hand is
  }

  destroy() {
    document.removeEventListener(THUMB, this.onThumb);
  }

  onThumb(event) {
    const { key, value, isResting } = event.detail;
    if (this.isDeaf || !Object.values(this.data.thumbs).some(([known]) => known === key)) return;
    event.preventDefault();
    if (isResting) this.held.delete(key);
    else this.held.add(key);
    if (this.value(key) === value) return;
    this.moved.set(key, value);
    this.ask();
  }

  value(key) {
    const [, known] = Object.values(this.data.thumbs).find(([name]) => name === key);
    return this.moved.get(key) ?? known;
  }

  async ask() {
    this.isDue = true;
    if (this.isAsking) return;
    this.isAsking = true;
    while (this.isDue && !this.isDeaf) {
      this.isDue = false;
      await this.askOnce(this.data);
    }
    this.isAsking = false;
  }

  async askOnce(data) {
    const limits = Object.entries(data.thumbs).map(([name, [key]]) => [name, this.value(key)]);
    try {
      const response = await fetch(`${data.path}?${new URLSearchParams([["asked", data.asked], ...limits])}`);
      if (!response.ok) throw new Error(response.statusText);
      const answer = await response.json();
      const isOvertaken = this.data.limits !== data.limits && !this.held.size;
      if (this.data.asked === data.asked && !isOvertaken) this.show(answer);
    } catch {
      this.isDeaf = true;
    }
  }

  show({ html, marks }) {
    const shown = document.querySelector(`.answers[data-asked^="${CSS.escape(this.data.asked)} "]`);
    if (shown) shown.innerHTML = html; // made by this server, as what stands there was; text from files is escaped
    document.dispatchEvent(new CustomEvent(MARKS, { detail: { chart: this.data.chart, marks } }));
  }
}
