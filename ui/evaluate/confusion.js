// A confusion matrix: truths in rows, answers in columns. Hover or the arrow keys name a cell, a click or Enter
// sends it. data: {names, counts (row by row), totals (images of each truth), mode, picked}.
const LEAST = 9; // pixels of a cell: below that a matrix scrolls sideways
const MOST = 52;
const NAMES = '"Source Code Pro", monospace'; // in which l, I and 1 differ

export default function ({ data, parentElement, setTriggerValue }) {
  const canvas = parentElement.querySelector("canvas");
  const tip = parentElement.querySelector(".tip");
  const scroll = parentElement.querySelector(".scroll");
  const context = canvas.getContext("2d");
  const ratio = window.devicePixelRatio || 1;
  const n = data.names.length;
  let cell = 0;
  let margin = 0;
  let size = 0; // of the names, in pixels
  let turned = false; // names above the columns, where they are wider than those
  let focus = -1;
  let picked = data.picked;

  tip.style.display = "none"; // one that was there before another cell was picked

  const diagonal = (i) => Math.floor(i / n) === i % n;
  const share = (i) => data.counts[i] / Math.max(1, data.totals[Math.floor(i / n)]);
  const shown = (i) => !(data.mode === "mistakes" && diagonal(i)) && data.counts[i] > 0;
  let most = 1;
  for (let i = 0; i < n * n; i++) if (shown(i)) most = Math.max(most, data.counts[i]);

  // Darker with the square root, so that single mistakes are seen beside hundreds.
  const strength = (i) => Math.sqrt(data.mode === "rows" ? share(i) : data.counts[i] / most);
  const colour = (i) => `rgba(${diagonal(i) ? "59,161,130" : "217,121,63"},${0.16 + 0.84 * strength(i)})`;
  const written = (i) => {
    if (data.mode !== "rows") return String(data.counts[i]);
    const percent = 100 * share(i);
    return percent < 1 ? "<1" : percent > 99 && percent < 100 ? ">99" : percent.toFixed(0);
  };

  function draw() {
    const style = getComputedStyle(canvas);
    const [back, text, border] = ["background", "text", "border"].map((k) => style.getPropertyValue(`--st-${k}-color`));
    const side = margin + n * cell + 2;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = back; // so that a saved picture has paper
    context.fillRect(0, 0, side, side);
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.strokeStyle = border;
    context.strokeRect(margin, margin, n * cell, n * cell);
    for (let i = 0; i < n * n; i++) {
      const [x, y] = [margin + (i % n) * cell, margin + Math.floor(i / n) * cell];
      if (!shown(i)) continue;
      context.fillStyle = colour(i);
      context.fillRect(x + 0.5, y + 0.5, cell - 1, cell - 1);
      if (cell < 26) continue;
      context.font = `${Math.min(15, cell / 2.7)}px ${style.fontFamily}`;
      context.fillStyle = text;
      context.fillText(written(i), x + cell / 2, y + cell / 2 + 1);
    }
    const [row, column] = [Math.floor(focus / n), focus % n];
    for (let i = 0; i < n; i++) {
      const at = margin + (i + 0.5) * cell;
      context.fillStyle = text;
      name(data.names[i], at, margin - 5, turned ? -Math.PI / 2 : 0, focus >= 0 && i === column);
      context.textAlign = "right";
      name(data.names[i], margin - 5, at, 0, focus >= 0 && i === row);
    }
    context.textAlign = "center";
    context.font = `13px ${style.fontFamily}`;
    context.fillText("read as →", margin + 32, 9);
    context.save();
    context.translate(9, margin + 26);
    context.rotate(-Math.PI / 2);
    context.fillText("← truth", 0, 0);
    context.restore();
    outline(picked, text, 2.5);
    outline(focus, text, 1.5);
  }

  function name(label, x, y, angle, strong) {
    context.save();
    context.translate(x, y);
    context.rotate(angle);
    if (y < margin) [context.textAlign, context.textBaseline] = angle ? ["left", "middle"] : ["center", "bottom"];
    context.font = `${strong ? 800 : 500} ${size}px ${NAMES}`;
    context.fillText(label, 0, 0);
    context.restore();
  }

  function outline(i, colour, width) {
    if (i === null || i < 0) return;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.strokeRect(margin + (i % n) * cell, margin + Math.floor(i / n) * cell, cell, cell);
    context.lineWidth = 1;
  }

  function resize() {
    const width = scroll.clientWidth;
    if (!width) return;
    const room = Math.min(width, data.most) - 50;
    size = Math.min(18, Math.max(9, (0.9 * room) / n));
    context.font = `600 ${size}px ${NAMES}`;
    const widest = Math.max(...data.names.map((label) => context.measureText(label).width));
    margin = 26 + Math.ceil(Math.max(widest, size));
    cell = Math.floor(Math.min(MOST, Math.max(LEAST, (room + 48 - margin) / n)));
    turned = widest > cell;
    const side = margin + n * cell + 2;
    canvas.style.width = canvas.style.height = `${side}px`;
    canvas.width = canvas.height = side * ratio;
    draw();
  }

  function look(i) {
    if (i === focus) return;
    focus = i;
    draw();
    tip.style.display = i < 0 ? "none" : "block";
    if (i < 0) return;
    const [row, column] = [Math.floor(i / n), i % n];
    const images = `${data.counts[i].toLocaleString("en")} of ${data.totals[row].toLocaleString("en")}`;
    const word = row === column ? "read right" : `read as ${data.names[column]}`;
    tip.textContent = `${data.names[row]} ${word}: ${images} (${(100 * share(i)).toFixed(1)} %)`;
    const left = margin + (column + 1) * cell + 8 - scroll.scrollLeft;
    tip.style.left = `${Math.max(0, Math.min(left, scroll.clientWidth - tip.offsetWidth - 4))}px`;
    tip.style.top = `${margin + (row + 1) * cell + 8}px`;
  }

  function under(event) {
    const [column, row] = [event.offsetX, event.offsetY].map((at) => Math.floor((at - margin) / cell));
    return column >= 0 && row >= 0 && column < n && row < n ? row * n + column : -1;
  }

  function pick(i) {
    if (i < 0 || !data.counts[i]) return;
    picked = i;
    draw();
    setTriggerValue("picked", i);
  }

  canvas.onpointermove = (event) => look(under(event));
  canvas.onpointerleave = () => look(-1);
  canvas.onclick = (event) => pick(under(event));
  canvas.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -n, ArrowDown: n }[event.key];
    if (step) {
      event.preventDefault();
      const from = focus >= 0 ? focus : (picked ?? 0);
      const wraps = Math.abs(step) === 1 && Math.floor((from + step) / n) !== Math.floor(from / n);
      if (!wraps && from + step >= 0 && from + step < n * n) look(from + step);
    } else if (event.key === "Enter") pick(focus);
  };
  canvas.onblur = () => look(-1);
  parentElement.querySelector(".save").onclick = () => {
    const link = document.createElement("a");
    link.download = `${data.filename}.png`;
    link.href = canvas.toDataURL("image/png");
    link.click();
  };

  const observer = new ResizeObserver(resize);
  observer.observe(scroll);
  resize();
  return () => observer.disconnect();
}
