// Every class fills up as it is learned, and beside it what is taken for what.
const AXIS = 20;

function tiles(row, data) {
  if (row.dataset.names !== data.names.join("\n")) {
    row.dataset.names = data.names.join("\n");
    row.replaceChildren(
      ...data.names.map((name) => {
        const box = document.createElement("div");
        const level = document.createElement("i");
        const text = document.createElement("span");
        text.textContent = name;
        box.setAttribute("role", "img");
        box.append(level, text);
        return box;
      }),
    );
  }
  data.accuracy.forEach((share, i) => {
    const box = row.children[i];
    box.firstChild.style.height = `${100 * (share ?? 0)}%`;
    box.classList.toggle("unknown", share === null);
    box.title = box.ariaLabel =
      `${data.names[i]}: ` + (share === null ? "not seen yet" : `${Math.round(100 * share)} % right`);
  });
}

// Labels that would overlap are left out; hovering tells them all.
function drawLabels(context, names, cell, colour) {
  const every = Math.max(1, Math.ceil(11 / cell));
  context.fillStyle = colour;
  // l, I and 1 differ in it.
  context.font = `${Math.min(14, Math.max(9, cell - 3))}px "Source Code Pro", monospace`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let i = 0; i < names.length; i += every) {
    context.fillText(names[i], AXIS + (i + 0.5) * cell, AXIS / 2);
    context.fillText(names[i], AXIS / 2, AXIS + (i + 0.5) * cell);
  }
}

function matrix(canvas, data) {
  const side = canvas.clientWidth || 360;
  const ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(side * ratio)) canvas.width = canvas.height = Math.round(side * ratio);
  const style = getComputedStyle(canvas);
  const count = data.names.length;
  const cell = (side - AXIS) / count;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, side, side);
  drawLabels(context, data.names, cell, style.color);
  const gap = cell > 8 ? 1 : 0;
  context.fillStyle = style.getPropertyValue("--empty");
  for (let i = 0; i < count; i++) context.fillRect(AXIS + i * cell, AXIS + i * cell, cell - gap, cell - gap);
  for (const [truth, answer, number] of data.cells) {
    context.fillStyle = style.getPropertyValue(truth === answer ? "--right" : "--wrong");
    // A single error among many must still be seen.
    context.globalAlpha = 0.15 + 0.85 * Math.sqrt(number / data.sums[truth]);
    context.fillRect(AXIS + answer * cell, AXIS + truth * cell, cell - gap, cell - gap);
  }
  context.globalAlpha = 1;
}

function words(canvas, data, event) {
  const box = canvas.getBoundingClientRect();
  const cell = (box.width - AXIS) / data.names.length;
  const answer = Math.floor((event.clientX - box.left - AXIS) / cell);
  const truth = Math.floor((event.clientY - box.top - AXIS) / cell);
  if (!data.names[answer] || !data.names[truth]) return "";
  const found = data.cells.find((entry) => entry[0] === truth && entry[1] === answer);
  return `${data.names[truth]} read as ${data.names[answer]}: ${found ? found[2] : 0} of ${data.sums[truth]}`;
}

export default function ({ data, parentElement }) {
  const canvas = parentElement.querySelector("canvas");
  const out = parentElement.querySelector(".readout");
  tiles(parentElement.querySelector(".classes"), data);
  const errors = data.errors.length ? `Most mixed up: ${data.errors.join(" · ")}` : "";
  const list = parentElement.querySelector(".errors");
  if (list.textContent !== errors) list.textContent = errors;
  canvas.setAttribute("aria-label", data.alt);
  canvas.latest = data;
  matrix(canvas, data);
  canvas.onpointermove = (event) => (out.textContent = words(canvas, canvas.latest, event));
  canvas.onpointerleave = () => (out.textContent = canvas.latest.note);
  if (!canvas.matches(":hover")) out.textContent = data.note;
  if (!canvas.observer) {
    canvas.observer = new ResizeObserver(() => matrix(canvas, canvas.latest));
    canvas.observer.observe(canvas);
  }
}
