/**
 * Browser half of `picture_picker.py`: small pictures of which one is chosen, by a click or with the arrow keys.
 *
 * Streamlit calls the default export again whenever Python's `data` changes, with the same `parentElement`. Captions
 * come from files' names and are only ever set as text.
 */
const SIGNS = { true: ["wrong", "✗ "], false: ["right", "✓ "] };
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export default function mount({ data, parentElement, setStateValue }) {
  const group = parentElement.querySelector(".pictures");
  group.setAttribute("aria-label", data.label);
  const buttons = data.pictures.map((picture) => draw(picture));
  const hadFocus = group.contains(group.getRootNode().activeElement);

  const mark = (chosen) => {
    const isHere = data.pictures.some((picture) => picture.id === chosen);
    for (const [at, button] of buttons.entries()) {
      const isChosen = data.pictures[at].id === chosen;
      button.setAttribute("aria-checked", isChosen);
      button.tabIndex = isChosen || (!isHere && at === 0) ? 0 : -1;
    }
  };
  const choose = (at) => {
    mark(data.pictures[at].id);
    buttons[at].focus();
    setStateValue("chosen", data.pictures[at].id);
  };
  for (const [at, button] of buttons.entries()) {
    button.onclick = () => choose(at);
    button.onkeydown = (event) => {
      const step = STEPS[event.key];
      if (!step) return;
      event.preventDefault();
      choose((at + step + buttons.length) % buttons.length);
    };
  }
  group.replaceChildren(...buttons);
  mark(data.chosen);
  if (hadFocus) buttons.find((button) => button.tabIndex === 0)?.focus();
}

function draw({ source, caption, isWrong }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "picture";
  button.setAttribute("role", "radio");
  const image = document.createElement(source ? "img" : "div");
  if (source) {
    image.src = source;
    image.alt = "";
  } else {
    image.className = "missing";
    image.textContent = "can’t be opened";
  }
  const text = document.createElement("span");
  text.className = "caption";
  if (isWrong !== null) {
    const [name, sign] = SIGNS[isWrong];
    const shown = document.createElement("span");
    shown.className = name;
    shown.textContent = sign;
    text.append(shown);
  }
  text.append(caption);
  button.append(image, text);
  return button;
}
