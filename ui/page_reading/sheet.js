// An image with a box around every character and the text beside it. Hover shows the candidates; a click, or Enter on
// a box, opens them to choose from or to type another; a key typed on a box replaces its character.
// data: {id, picture, width, height, description, characters, lines, labels}. A character is {box: [x, y, width,
// height], label, sure, candidates: [[label, percent]]}; a line is a list of words {first, count, joined}; labels are
// earlier corrections by position. Sent back as "corrections": {id, labels}. All labels are set as text, never as HTML.
const MOST_ZOOM = 8;
const TYPICAL = 64; // CSS pixels: a character need not be shown larger than this
const LONGEST = 40; // as hcr_core.reading_corrections.MAX_LENGTH
const views = new WeakMap();

const make = (tag, className, text = "") => Object.assign(document.createElement(tag), { className, textContent: text });
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

function cleaned(text) {
  const spaced = text.trim().replace(/\s+/gu, " ").replace(/\p{C}/gu, "");
  return [...spaced].slice(0, LONGEST).join("");
}

function createView(root) {
  const find = (selector) => root.querySelector(selector);
  const [scroll, sheet, image, boxes, text] = [".scroll", ".sheet", "img", ".boxes", ".text"].map(find);
  const [tip, editor, input] = [".tip", ".editor", ".editor input"].map(find);
  let data = { id: null };
  let labels = {};
  let send = () => {};
  let zoom = 1;
  let current = 0; // the one box that Tab reaches
  let edited = -1;

  const labelOf = (i) => labels[i] ?? data.characters[i].label;
  const unsure = (i) => labels[i] === undefined && !data.characters[i].sure;
  const boxOf = (i) => boxes.children[i];
  const spanOf = (i) => text.querySelector(`[data-i="${i}"]`);
  const whole = () =>
    data.lines
      .map((line) => line.map((word) => range(word).map(labelOf).join("")).filter((word) => word !== ""))
      .filter((line) => line.length)
      .map((line) => line.join(" "))
      .join("\n");
  const range = ({ first, count }) => Array.from({ length: count }, (_, k) => first + k);

  function build() {
    image.src = data.picture;
    image.alt = data.description;
    find(".page").classList.toggle("wide", data.width > 2.2 * data.height);
    const heights = data.characters.map(({ box }) => box[3]);
    sheet.style.setProperty("--m", median(heights) ?? 0);
    boxes.replaceChildren(...data.characters.map(boxElement));
    text.replaceChildren(...data.lines.map(lineElement));
    text.classList.toggle("large", data.characters.length < 25);
    data.characters.forEach((_, i) => render(i));
    [current, zoom] = [0, 1];
    if (boxOf(0)) boxOf(0).tabIndex = 0;
    resize();
    count();
  }

  function boxElement({ box: [x, y, width, height] }, i) {
    const button = make("button", "box");
    for (const [name, value] of Object.entries({ x, y, w: width, h: height })) button.style.setProperty(`--${name}`, value);
    button.style.zIndex = Math.round(1e6 / Math.max(1, width * height)); // the smaller of two above the other
    button.type = "button";
    button.tabIndex = -1;
    button.dataset.i = i;
    return button;
  }

  function lineElement(line) {
    const row = make("div", "line");
    line.forEach((word, k) => {
      if (k) row.append(" ");
      const part = make("span", word.joined ? "word joined" : "word");
      if (word.joined) part.title = "Looks written in one stroke: such words are often read wrong.";
      part.append(
        ...range(word).map((i) => {
          const span = make("span", "character");
          span.dataset.i = i;
          return span;
        }),
      );
      row.append(part);
    });
    return row;
  }

  function render(i) {
    const [box, span, label] = [boxOf(i), spanOf(i), labelOf(i)];
    const kind = label === "" ? "removed" : labels[i] !== undefined ? "corrected" : unsure(i) ? "unsure" : "sure";
    box.className = `box ${kind}`;
    box.dataset.label = label;
    const read = data.characters[i];
    const said = { removed: "no character", corrected: "corrected", unsure: "unsure", sure: "" }[kind];
    box.ariaLabel = [label, kind === "corrected" ? "" : read.candidates[0][1], said].filter(Boolean).join(", ");
    span.className = `character ${kind}`;
    span.textContent = label;
  }

  function count() {
    const left = data.characters.filter((_, i) => unsure(i)).length;
    const corrected = Object.keys(labels).length;
    const words = [`${data.characters.length} characters`, left ? `${left} unsure` : "none unsure"];
    if (corrected) words.push(`${corrected} corrected`);
    find(".count").textContent = words.join(" · ");
    find(".next").disabled = !left;
    find(".restore").hidden = !corrected;
  }

  function resize() {
    if (!data.id || !scroll.clientWidth) return;
    const typical = Number(sheet.style.getPropertyValue("--m"));
    const fit = Math.min(scroll.clientWidth / data.width, Math.max(1, TYPICAL / (typical || TYPICAL)));
    sheet.style.setProperty("--s", fit * zoom);
    sheet.style.setProperty("--width", data.width);
    sheet.style.setProperty("--height", data.height);
    find(".in").disabled = zoom >= MOST_ZOOM;
    find(".out").disabled = find(".fit").disabled = zoom <= 1;
  }

  function zoomBy(factor) {
    const middle = [scroll.scrollLeft + scroll.clientWidth / 2, scroll.scrollTop + scroll.clientHeight / 2];
    const former = zoom;
    zoom = factor ? Math.min(MOST_ZOOM, Math.max(1, zoom * factor)) : 1;
    resize();
    scroll.scrollLeft = (middle[0] * zoom) / former - scroll.clientWidth / 2;
    scroll.scrollTop = (middle[1] * zoom) / former - scroll.clientHeight / 2;
  }

  function beside(floating, i) {
    const at = boxOf(i).getBoundingClientRect();
    const below = at.bottom + 6 + floating.offsetHeight < window.innerHeight;
    floating.style.top = `${Math.max(4, below ? at.bottom + 6 : at.top - 20 - floating.offsetHeight)}px`;
    floating.style.left = `${Math.max(4, Math.min(at.left, document.documentElement.clientWidth - floating.offsetWidth - 8))}px`;
  }

  function look(i) {
    root.querySelectorAll(".looked").forEach((node) => node.classList.remove("looked"));
    if (i < 0 || editor.matches(":popover-open")) return tip.hidePopover();
    [boxOf(i), spanOf(i)].forEach((node) => node.classList.add("looked"));
    const { label, candidates } = data.characters[i];
    const rows = candidates.slice(0, 4).map(([name, percent]) => {
      const row = make("div", "candidate");
      row.append(make("b", "", name), make("span", "", percent));
      return row;
    });
    if (labels[i] !== undefined) rows.unshift(make("div", "was", `was read as ${label}`));
    tip.replaceChildren(...rows);
    tip.showPopover();
    beside(tip, i);
  }

  // A piece of the picture around the character, as large as the editor has room for.
  function cutOut(i) {
    const [x, y, width, height] = data.characters[i].box;
    const view = find(".cut");
    const scale = Math.min(200 / (1.6 * width), 72 / (1.25 * height), 4);
    const at = [x + width / 2, y + height / 2].map((middle, k) => view[k ? "clientHeight" : "clientWidth"] / 2 - middle * scale);
    view.style.background = `url("${data.picture}") ${at[0]}px ${at[1]}px / ${data.width * scale}px auto no-repeat #fff`;
    view.style.setProperty("--w", `${width * scale + 8}px`);
    view.style.setProperty("--h", `${height * scale + 8}px`);
  }

  function open(i) {
    if (i < 0) return;
    go(i);
    look(-1);
    edited = i;
    const chosen = labelOf(i);
    find(".choices").replaceChildren(
      ...data.characters[i].candidates.map(([label, percent]) => {
        const choice = make("button", "choice");
        choice.type = "button";
        choice.setAttribute("aria-pressed", label === chosen);
        choice.append(make("b", "", label), make("span", "", percent));
        choice.onclick = () => apply(i, label);
        return choice;
      }),
    );
    input.value = labels[i] ?? "";
    find(".undo").hidden = labels[i] === undefined;
    editor.showPopover();
    cutOut(i);
    beside(editor, i);
    // On a phone the keyboard would cover the candidates.
    if (window.matchMedia("(pointer: fine)").matches) input.focus();
  }

  function apply(i, label) {
    if (label === null) delete labels[i];
    else labels[i] = label;
    render(i);
    count();
    editor.hidePopover();
    send({ ...labels });
  }

  function go(i, focus = true) {
    if (!boxOf(i)) return;
    if (boxOf(current)) boxOf(current).tabIndex = -1;
    current = i;
    boxOf(i).tabIndex = 0;
    if (focus) boxOf(i).focus({ preventScroll: false });
  }

  function nextUnsure() {
    const n = data.characters.length;
    const order = Array.from({ length: n }, (_, k) => (current + (edited < 0 ? 0 : 1) + k) % n);
    const next = order.find(unsure);
    if (next === undefined) return;
    boxOf(next).scrollIntoView({ block: "nearest", inline: "nearest" });
    open(next);
  }

  // The nearest character above or below, in another line.
  function across(i, direction) {
    const lineOf = (k) => data.lines.findIndex((line) => line.some((word) => k >= word.first && k < word.first + word.count));
    const line = data.lines[lineOf(i) + direction];
    if (!line) return i;
    const middle = (k) => data.characters[k].box[0] + data.characters[k].box[2] / 2;
    return line.flatMap(range).reduce((a, b) => (Math.abs(middle(b) - middle(i)) < Math.abs(middle(a) - middle(i)) ? b : a));
  }

  const number = (event) => Number(event.target.closest("[data-i]")?.dataset.i ?? -1);

  function nearest(event) {
    const at = sheet.getBoundingClientRect();
    const scale = at.width / data.width;
    const [x, y] = [(event.clientX - at.left) / scale, (event.clientY - at.top) / scale];
    const away = data.characters.map(({ box }) => Math.hypot(box[0] + box[2] / 2 - x, box[1] + box[3] / 2 - y));
    const best = away.indexOf(Math.min(...away));
    return best >= 0 && away[best] * scale < 24 ? best : -1;
  }

  boxes.onclick = (event) => open(number(event) >= 0 ? number(event) : nearest(event));
  text.onclick = (event) => open(number(event));
  for (const part of [boxes, text]) {
    part.onpointerover = (event) => event.pointerType === "mouse" && look(number(event));
    part.onpointerleave = () => look(-1);
  }
  boxes.onfocusin = (event) => {
    go(number(event), false);
    if (event.target.matches(":focus-visible")) look(number(event));
  };
  boxes.onfocusout = () => look(-1);
  boxes.onkeydown = (event) => {
    const i = number(event);
    const last = data.characters.length - 1;
    const steps = { ArrowLeft: i - 1, ArrowRight: i + 1, Home: 0, End: last };
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (i < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in steps) go(Math.max(0, Math.min(last, steps[event.key])));
    else if (step) go(across(i, step));
    else if (event.key === "Backspace") apply(i, null);
    else if (event.key === "Delete") apply(i, "");
    else if ([...event.key].length === 1 && event.key !== " ") {
      apply(i, event.key);
      go(Math.min(last, i + 1));
    } else return;
    event.preventDefault();
    event.stopPropagation(); // the app has shortcuts of its own
  };
  editor.onkeydown = (event) => event.stopPropagation();
  editor.onsubmit = (event) => {
    event.preventDefault();
    const typed = cleaned(input.value);
    if (typed) apply(edited, typed);
    else editor.hidePopover();
  };
  const follow = () => beside(editor, edited);
  editor.ontoggle = ({ newState }) => {
    document[newState === "open" ? "addEventListener" : "removeEventListener"]("scroll", follow, true);
  };
  find(".remove").onclick = () => apply(edited, "");
  find(".undo").onclick = () => apply(edited, null);
  find(".next").onclick = nextUnsure;
  find(".restore").onclick = () => {
    const former = Object.keys(labels);
    labels = {};
    former.forEach((i) => render(Number(i)));
    count();
    send({});
  };
  find(".in").onclick = () => zoomBy(1.5);
  find(".out").onclick = () => zoomBy(1 / 1.5);
  find(".fit").onclick = () => zoomBy(0);
  find(".see").onclick = ({ currentTarget }) => {
    const shown = boxes.classList.toggle("hidden") === false;
    currentTarget.setAttribute("aria-pressed", shown);
  };
  find(".copy").onclick = async ({ currentTarget: button }) => {
    const copied = await copy(whole(), text);
    button.textContent = copied ? "Copied" : "Select the text to copy it";
    setTimeout(() => (button.textContent = "Copy text"), 2000);
  };

  return {
    resize,
    scroll,
    update(given, setStateValue) {
      const another = given.id !== data.id;
      data = given;
      send = (changed) => setStateValue("corrections", { id: given.id, labels: changed });
      if (!another) return; // what is shown here is newer than what comes back
      labels = { ...given.labels };
      editor.hidePopover();
      build();
    },
  };
}

async function copy(words, element) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    // Over plain HTTP from another machine there is no clipboard; the older way needs a selection.
    const area = Object.assign(make("textarea", ""), { value: words });
    element.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

export default function ({ data, parentElement, setStateValue }) {
  if (!views.has(parentElement)) views.set(parentElement, createView(parentElement));
  const view = views.get(parentElement);
  view.update(data, setStateValue);
  const observer = new ResizeObserver(view.resize);
  observer.observe(view.scroll);
  return () => observer.disconnect();
}
