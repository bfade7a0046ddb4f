// An image with a box around every character and the text beside it. Hover shows the candidates; a click, or Enter on
// a box, opens them to choose from or to type another; a key typed on a box replaces its character.
// data: {id, picture, width, height, description, characters, lines, labels, remarks}. A character is {box: [x, y,
// width, height], label, sure, alike, candidates: [[label, percent]]}, with a sentence where they look alike; a line is a list of words {first, count, joined, before};
// labels are earlier corrections by position; remarks are sentences. Sent back as "corrections": {id, labels}. All labels are set as text, never as HTML.
const MOST_ZOOM = 8;
const TYPICAL = 64; // CSS pixels: a character need not be shown larger than this
const NARROW = 700; // CSS pixels: with less room the text is above the picture, not beside it
const views = new WeakMap();

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

function createView(root) {
  const find = (selector) => root.querySelector(selector);
  const [scroll, sheet, image, boxes, text] = [".scroll", ".sheet", "img", ".boxes", ".text"].map(find);
  const [page, tip] = [".page", ".tip"].map(find);
  const editor = createEditor(root, (i, label) => apply(i, label));
  let data = { id: null };
  let labels = {};
  let send = () => {};
  let sentFor = null; // id of what was corrected last
  let zoom = 1;
  let current = 0; // the one box that Tab reaches
  let rooms = new Map();
  let visited = -1; // the one that was opened last

  const labelOf = (i) => labels[i] ?? data.characters[i].label;
  const changed = (i) => labels[i] !== undefined && labels[i] !== data.characters[i].label;
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
    rooms = roomsRight();
    page.classList.toggle("wide", data.width > 2.2 * data.height);
    const heights = data.characters.map(({ box }) => box[3]);
    sheet.style.setProperty("--m", median(heights) ?? 0);
    boxes.replaceChildren(...data.characters.map(boxElement));
    text.replaceChildren(...data.lines.map(lineElement));
    text.classList.toggle("large", data.characters.length < 25);
    data.characters.forEach((_, i) => render(i));
    [current, visited, zoom] = [0, -1, 1];
    if (boxOf(0)) boxOf(0).tabIndex = 0;
    resize();
    count();
  }

  // From each character's left edge to the next one's in its word: what a long label may cover.
  function roomsRight() {
    const rooms = new Map();
    for (const { first, count } of data.lines.flat())
      for (let i = first; i + 1 < first + count; i++) rooms.set(i, data.characters[i + 1].box[0] - data.characters[i].box[0]);
    return rooms;
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
      if (word.before) {
        part.classList.add("chosen");
        part.title = `Read as ${word.before} before the word list was asked.`;
      }
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
    const kind = label === "" ? "removed" : labels[i] !== undefined ? (changed(i) ? "corrected" : "confirmed") : unsure(i) ? "unsure" : "sure";
    box.className = `box ${kind}`;
    box.dataset.label = label;
    if ([...label].length > 1 && rooms.has(i)) box.style.setProperty("--room", rooms.get(i));
    else box.style.removeProperty("--room");
    const read = data.characters[i];
    const said = { removed: "no character", corrected: "corrected", confirmed: "confirmed", unsure: "unsure", sure: "" }[kind];
    box.ariaLabel = [label, kind === "corrected" ? "" : read.candidates[0][1], said].filter(Boolean).join(", ");
    span.className = `character ${kind}`;
    span.textContent = label;
  }

  function count() {
    const left = data.characters.filter((_, i) => unsure(i)).length;
    const positions = Object.keys(labels);
    const corrected = positions.filter(changed).length;
    const confirmed = positions.length - corrected;
    const there = data.characters.filter((_, i) => labelOf(i) !== "").length;
    const words = [there === 1 ? "1 character" : `${there} characters`, left ? `${left} unsure` : "none unsure"];
    if (corrected) words.push(`${corrected} corrected`);
    if (confirmed) words.push(`${confirmed} confirmed`);
    find(".count").textContent = words.join(" · ");
    find(".next").disabled = !left;
    find(".restore").hidden = !positions.length;
  }

  function resize() {
    if (!data.id || !scroll.clientWidth) return;
    page.classList.toggle("narrow", page.clientWidth < NARROW);
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

  function look(i) {
    root.querySelectorAll(".looked").forEach((node) => node.classList.remove("looked"));
    if (i < 0 || editor.isOpen()) return tip.hidePopover();
    [boxOf(i), spanOf(i)].forEach((node) => node.classList.add("looked"));
    const { label, alike, candidates } = data.characters[i];
    const rows = candidates.slice(0, 4).map(([name, percent]) => {
      const row = make("div", "candidate");
      row.append(make("b", "", name), make("span", "", percent));
      return row;
    });
    if (labels[i] !== undefined) rows.unshift(make("div", "was", `was read as ${label}`));
    if (alike) rows.push(make("div", "note", alike));
    tip.replaceChildren(...rows);
    tip.showPopover();
    beside(tip, boxOf(i));
  }

  function open(i, byKey = false) {
    if (i < 0) return;
    go(i);
    look(-1);
    visited = i;
    editor.open(i, data, labels[i], boxOf(i), byKey);
  }

  function apply(i, label) {
    // What is read and sure need not be confirmed.
    if (label === null || (label === data.characters[i].label && data.characters[i].sure)) delete labels[i];
    else labels[i] = label;
    render(i);
    count();
    editor.close();
    send({ ...labels });
  }

  function go(i, focus = true) {
    if (!boxOf(i)) return;
    if (boxOf(current)) boxOf(current).tabIndex = -1;
    current = i;
    boxOf(i).tabIndex = 0;
    if (focus) boxOf(i).focus({ preventScroll: false });
  }

  function nextUnsure(byKey) {
    const n = data.characters.length;
    const order = Array.from({ length: n }, (_, k) => (current + (visited === current ? 1 : 0) + k) % n);
    const next = order.find(unsure);
    if (next === undefined) return;
    boxOf(next).scrollIntoView({ block: "nearest", inline: "nearest" });
    open(next, byKey);
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

  // A click without a count is that of a key.
  boxes.onclick = (event) => open(number(event) >= 0 ? number(event) : nearest(event), event.detail === 0);
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
  find(".next").onclick = (event) => nextUnsure(event.detail === 0);
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
      find(".remarks").replaceChildren(...data.remarks.map((sentence) => make("p", "", sentence)));
      send = (changed) => {
        sentFor = given.id;
        setStateValue("corrections", { id: given.id, labels: changed });
      };
      // What is shown here is newer than what comes back, once it was corrected here.
      if (!another && sentFor === given.id) return;
      labels = { ...given.labels };
      if (another) {
        editor.close();
        build();
      } else {
        data.characters.forEach((_, i) => render(i));
        count();
      }
    },
  };
}

export default function ({ data, parentElement, setStateValue }) {
  if (!views.has(parentElement)) views.set(parentElement, createView(parentElement));
  const view = views.get(parentElement);
  view.update(data, setStateValue);
  const observer = new ResizeObserver(view.resize);
  observer.observe(view.scroll);
  return () => observer.disconnect();
}
