/**
 * Browser half of `live_slider.py`: a native range input that reports while it is dragged.
 *
 * Streamlit calls the default export again whenever Python's `data` (or the theme) changes, each time with
 * the same `parentElement`. One `LiveSlider` per parent therefore outlives the reruns, and a rerun never
 * touches a thumb that the user is holding.
 */

/** Least milliseconds between two reports. */
const REPORT_INTERVAL_MS = 40;

/**
 * Reports wait while a run is under way, so that never more than one is unanswered.
 *
 * That matters: when Streamlit 1.67 starts a run, it drops what the run before had not yet sent
 * (AppSession._clear_queue). With a request always waiting, each run would follow the last one at once, and
 * the end of the fragment, the cards, would not reach the browser until the thumb stops; sometimes the
 * frontend even takes what was dropped for removed, and builds the slider anew. The wait costs nothing, as
 * the request of a fragment does not interrupt a run.
 *
 * Streamlit's frontend says on this element whether a script runs. Should it no longer, reports come at
 * `START_TIMEOUT_MS`: the slider stays live, a little less smooth.
 */
const APP_SELECTOR = '[data-testid="stApp"]';
const RUN_STATE = "data-test-script-state";
const BUSY = ["running", "rerunRequested"];

/**
 * What the page is told of every step, at once: `{key, value, isResting}`. Whoever takes it (`preventDefault`) follows
 * the thumb itself, as `live_answers.js` does, and Python then hears of the resting value only.
 */
const THUMB = "bakeoff:thumb";

/** Milliseconds after which a report whose run was not seen to start is taken as answered. */
const START_TIMEOUT_MS = 400;

/** Milliseconds for which "the largest value is …" stays beside the number field. */
const NOTE_MS = 4000;

/** Share of the range that PageUp and PageDown travel; browsers use a tenth for native sliders. */
const PAGE_SHARE = 0.1;

const sliders = new WeakMap();

export default function mount({ data, parentElement, setStateValue }) {
  let slider = sliders.get(parentElement);
  if (!slider || !slider.owns(parentElement)) {
    slider?.destroy();
    slider = new LiveSlider(parentElement);
    sliders.set(parentElement, slider);
  }
  slider.update(data, setStateValue);

  const call = ++slider.calls;
  return () => {
    // Streamlit also cleans up after a call that a newer one is overtaking at this moment. Waiting one
    // task tells the two apart, so that only a slider that really goes away loses its listeners.
    setTimeout(() => {
      if (slider.calls !== call) return;
      slider.destroy();
      if (sliders.get(parentElement) === slider) sliders.delete(parentElement);
    });
  };
}

class LiveSlider {
  constructor(parent) {
    const find = (name) => parent.querySelector(`.${name}`);
    this.root = find("slider");
    this.range = find("range");
    this.number = find("number");
    this.parts = Object.fromEntries(
      ["label", "help", "help-text", "unit", "note", "minimum", "maximum", "bubble"].map((name) => [name, find(name)]),
    );
    this.calls = 0;
    this.data = null; // what is drawn
    this.deferred = null; // what arrived while the thumb was held
    this.value = null; // what the user wants; drawn clamped, so that a range that widens again gives it back
    this.released = null;
    this.held = false; // by a pointer
    this.typing = false;
    this.lastReport = "";
    this.lastReportAt = -Infinity;
    this.isDue = false; // something is to be reported
    this.isStarting = false; // a report was sent whose run was not seen to start
    this.app = document.querySelector(APP_SELECTOR);
    this.runs = new MutationObserver(() => this.onRunState());
    if (this.app) this.runs.observe(this.app, { attributeFilter: [RUN_STATE] });
    this.listeners = new AbortController();
    this.listen();
  }

  owns(parent) {
    return parent.contains(this.range);
  }

  destroy() {
    this.listeners.abort();
    this.runs.disconnect();
    clearTimeout(this.reportTimer);
    clearTimeout(this.noteTimer);
  }

  // ---- from Python -------------------------------------------------------------------------------------

  update(data, setStateValue) {
    this.setStateValue = setStateValue;
    const isMoved = this.data === null || data.revision !== (this.deferred ?? this.data).revision;
    if (this.held) {
      this.deferred = data;
      if (isMoved) {
        this.released = data.value; // what Python now takes for the resting value
        this.reportSoon(); // with the new revision: the thumb is still where the user holds it
      }
      return;
    }
    this.data = data;
    if (isMoved) {
      this.value = this.released = data.value;
      this.typing = false;
      this.lastReport = this.reportText(data.revision); // Python knows this much already
      this.isDue = false;
    }
    this.drawFrame();
    this.draw();
  }

  // ---- from the user -----------------------------------------------------------------------------------

  listen() {
    const on = (target, type, handler) => target.addEventListener(type, handler, { signal: this.listeners.signal });

    on(this.range, "pointerdown", (event) => {
      if (event.button === 0) this.held = true;
    });
    // The pointer may be let go anywhere on the page.
    for (const type of ["pointerup", "pointercancel"]) on(window, type, () => this.letGo());
    on(window, "blur", () => this.letGo());

    on(this.range, "input", () => {
      const raw = this.range.valueAsNumber;
      this.move(this.held ? this.snapped(raw) : raw);
      this.reportSoon();
    });
    on(this.range, "change", () => {
      this.held = false;
      this.settle();
    });
    on(this.range, "keydown", (event) => this.onKey(event, this.range));
    on(this.range, "keyup", () => this.settle());
    on(this.range, "blur", () => this.settle());

    on(this.number, "input", () => {
      this.typing = true;
    });
    on(this.number, "keydown", (event) => this.onKey(event, this.number));
    on(this.number, "keyup", (event) => {
      if (event.key === "ArrowUp" || event.key === "ArrowDown") this.settle();
    });
    on(this.number, "change", () => this.commitTyped());
    on(this.number, "blur", () => {
      this.typing = false;
      this.draw();
    });
  }

  onKey(event, source) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const { minimum, maximum, step } = this.data;
    const page = Math.max(1, Math.round(((maximum - minimum) * PAGE_SHARE) / step));
    const steps = { ArrowUp: 1, ArrowDown: -1, PageUp: page, PageDown: -page };
    const isRange = source === this.range;
    if (isRange) Object.assign(steps, { ArrowRight: 1, ArrowLeft: -1 });

    let target;
    if (event.key in steps) target = this.stepped(steps[event.key]);
    else if (isRange && event.key === "Home") target = minimum;
    else if (isRange && event.key === "End") target = maximum;
    else return;
    event.preventDefault(); // the native step would be a hundredth of the range (`step="any"`)
    this.typing = false;
    this.move(target);
    this.reportSoon();
  }

  commitTyped() {
    const typed = this.number.valueAsNumber;
    this.typing = false;
    if (Number.isFinite(typed)) {
      const { minimum, maximum } = this.data;
      if (typed < minimum) this.note(`The smallest value is ${minimum} ${this.data.unit}.`);
      if (typed > maximum) this.note(`The largest value is ${maximum} ${this.data.unit}.`);
      this.move(typed);
      this.settle();
    } else {
      this.draw(); // nothing usable was typed: the field shows again what holds
    }
  }

  letGo() {
    if (!this.held) return;
    this.held = false;
    this.settle();
  }

  move(value) {
    this.value = this.clamped(value);
    this.draw();
  }

  /** The value has come to rest: take up what Python sent in the meantime, and say so. */
  settle() {
    if (this.held) return;
    this.released = this.value;
    if (this.deferred) {
      this.data = this.deferred; // its revision is hereby known, and the user's value is the newer one
      this.deferred = null;
      this.drawFrame();
      this.move(this.value);
      this.released = this.value;
    }
    this.reportSoon();
  }

  // ---- to Python ---------------------------------------------------------------------------------------

  /** Report now, or as soon as the page is idle and the interval over. The last value always goes. */
  reportSoon() {
    this.isDue = true;
    clearTimeout(this.reportTimer);
    const isResting = !this.held && this.value === this.released;
    if (this.isFollowed(isResting) && !isResting) {
      this.isDue = false;
      return;
    }
    if (this.isBusy()) return; // `onRunState` comes back to it
    const pause = this.isStarting ? START_TIMEOUT_MS : REPORT_INTERVAL_MS;
    const wait = this.lastReportAt + pause - performance.now();
    if (wait <= 0) this.report();
    else this.reportTimer = setTimeout(() => this.isDue && this.reportSoon(), wait);
  }

  isFollowed(isResting) {
    const detail = { key: this.data.key, value: this.clamped(this.value), isResting };
    return !document.dispatchEvent(new CustomEvent(THUMB, { detail, cancelable: true }));
  }

  isBusy() {
    return BUSY.includes(this.app?.getAttribute(RUN_STATE));
  }

  onRunState() {
    this.isStarting = false;
    if (this.isDue && !this.isBusy()) this.reportSoon();
  }

  report() {
    this.isDue = false;
    const revision = (this.deferred ?? this.data).revision;
    const text = this.reportText(revision);
    if (text === this.lastReport) return;
    this.lastReport = text;
    this.lastReportAt = performance.now();
    this.isStarting = true;
    this.setStateValue("thumb", JSON.parse(text)); // one message for all three: never seen half-updated
  }

  reportText(revision) {
    return JSON.stringify({ value: this.value, released: this.released, revision });
  }

  // ---- numbers -----------------------------------------------------------------------------------------

  clamped(value) {
    return Math.min(Math.max(value, this.data.minimum), this.data.maximum);
  }

  /** The nearest multiple of the step, written without the noise of binary fractions. */
  multiple(count) {
    return Number((count * this.data.step).toFixed(this.data.decimals));
  }

  snapped(raw) {
    return this.clamped(this.multiple(Math.round(raw / this.data.step)));
  }

  /** `count` stops up or down; from between two stops, the first step leads to the next one. */
  stepped(count) {
    const position = this.clamped(this.value) / this.data.step;
    const tiny = 1e-9 * Math.max(1, Math.abs(position));
    const base = count > 0 ? Math.floor(position + tiny) : Math.ceil(position - tiny);
    return this.multiple(base + count);
  }

  /** Stops keep their decimals, so that the text does not jitter while it is dragged: `20.0 ms`, `33.33 ms`. */
  withUnit(value) {
    const { decimals, unit } = this.data;
    const isStop = Number(value.toFixed(decimals)) === value;
    return `${isStop ? value.toFixed(decimals) : Number(value.toFixed(decimals + 2))} ${unit}`;
  }

  // ---- drawing -----------------------------------------------------------------------------------------

  /** What changes with Python's data only. All text goes in as text, never as markup. */
  drawFrame() {
    const { label, unit, help, minimum, maximum } = this.data;
    this.range.setAttribute("aria-label", label);
    this.number.setAttribute("aria-label", `Exact value for ${label.replace(/\s*\([^)]*\)\s*$/, "")}, in ${unit}`);
    for (const input of [this.range, this.number]) {
      input.min = minimum;
      input.max = maximum;
    }
    this.parts.label.textContent = label;
    this.parts.unit.textContent = unit;
    this.parts.help.hidden = !help;
    this.parts["help-text"].textContent = help ?? "";
    this.parts.minimum.textContent = minimum;
    this.parts.maximum.textContent = maximum;
  }

  /** What changes with the thumb. */
  draw() {
    const { minimum, maximum } = this.data;
    const value = this.clamped(this.value);
    if (this.range.valueAsNumber !== value) this.range.value = value;
    if (!this.typing) this.number.value = value;
    const text = this.withUnit(value);
    this.range.setAttribute("aria-valuetext", text);
    this.parts.bubble.textContent = text;
    this.root.style.setProperty("--ratio", (value - minimum) / (maximum - minimum));
  }

  note(text) {
    this.parts.note.textContent = text;
    clearTimeout(this.noteTimer);
    this.noteTimer = setTimeout(() => {
      this.parts.note.textContent = "";
    }, NOTE_MS);
  }
}
