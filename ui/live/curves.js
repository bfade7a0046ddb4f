// Two charts over the passes: how often right, and the loss. The axis of passes grows now and then, lines only grow.
const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { left: 46, right: 10, top: 10, bottom: 26 };

function make(parent, name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent.append(node);
  return node;
}

function scales(chart, passes, width, height) {
  const span = { x: width - MARGIN.left - MARGIN.right, y: height - MARGIN.top - MARGIN.bottom };
  const of = chart.log ? Math.log10 : (value) => value;
  const [low, high] = chart.range.map(of);
  const share = (value) => (of(Math.max(value, chart.range[0])) - low) / (high - low);
  return {
    x: (value) => MARGIN.left + (span.x * value) / passes,
    y: (value) => MARGIN.top + span.y * (1 - Math.min(Math.max(share(value), 0), 1)),
  };
}

function axes(svg, chart, passes, scale, width, height) {
  const layer = make(svg, "g", { class: "axes" });
  for (const [value, text] of chart.ticks) {
    const y = scale.y(value);
    make(layer, "line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y });
    make(layer, "text", { x: MARGIN.left - 6, y: y + 4, "text-anchor": "end" }).textContent = text;
  }
  const least = Math.max((60 * passes) / width, 1);
  const power = 10 ** Math.floor(Math.log10(least));
  const every = [1, 2, 5, 10].map((step) => step * power).find((step) => step >= least);
  for (let pass = 0; pass <= passes; pass += every) {
    const place = { x: scale.x(pass), y: height - 8, "text-anchor": "middle" };
    make(layer, "text", place).textContent = pass;
  }
}

function redraw(figure, chart, passes) {
  const width = Math.max(figure.clientWidth, 200);
  const svg = figure.querySelector("svg");
  const height = svg.clientHeight || 230; // lower in a low window
  const shape = JSON.stringify([width, height, passes, chart.range]);
  const scale = scales(chart, passes, width, height);
  if (svg.dataset.shape !== shape) {
    svg.dataset.shape = shape;
    svg.replaceChildren();
    svg.setAttribute("width", width);
    axes(svg, chart, passes, scale, width, height);
    for (const line of chart.lines) {
      make(svg, "polyline", { class: "line", stroke: line.colour, "stroke-width": line.width, opacity: line.opacity });
    }
    for (const line of chart.lines) make(svg, "path", { class: "dots", fill: line.colour });
  }
  const at = ([x, y]) => `${scale.x(x).toFixed(1)},${scale.y(y).toFixed(1)}`;
  const dot = ([x, y]) => `M${scale.x(x) - 3},${scale.y(y)}a3,3 0 1,0 6,0a3,3 0 1,0 -6,0`;
  chart.lines.forEach((line, i) => {
    svg.querySelectorAll(".line")[i].setAttribute("points", line.points.map(at).join(" "));
    svg.querySelectorAll(".dots")[i].setAttribute("d", line.dots ? line.points.map(dot).join("") : "");
  });
}

function legend(figure, chart) {
  const box = figure.querySelector(".legend");
  if (box.dataset.made) return;
  box.dataset.made = "yes";
  for (const line of chart.lines.filter((line) => line.name)) {
    const entry = document.createElement("span");
    entry.textContent = line.name;
    entry.style.setProperty("--colour", line.colour);
    box.append(entry);
  }
}

function nearest(points, x) {
  return points.reduce((best, p) => (!best || Math.abs(p[0] - x) < Math.abs(best[0] - x) ? p : best), null);
}

// What the lines are at under the pointer.
function readout(figure, event) {
  const { chart, passes } = figure.latest;
  const box = figure.querySelector("svg").getBoundingClientRect();
  const x = ((event.clientX - box.left - MARGIN.left) / (box.width - MARGIN.left - MARGIN.right)) * passes;
  const parts = chart.lines
    .filter((line) => line.name && line.points.length)
    .map((line) => {
      const value = nearest(line.points, x)[1];
      return `${line.name} ${chart.log ? value.toPrecision(3) : `${(100 * value).toFixed(1)} %`}`;
    });
  figure.querySelector(".readout").textContent = parts.length ? `pass ${x.toFixed(1)}: ${parts.join(" · ")}` : "";
}

export default function ({ data, parentElement }) {
  const figures = parentElement.querySelectorAll("figure");
  data.charts.forEach((chart, i) => {
    const figure = figures[i];
    figure.latest = { chart, passes: data.passes };
    figure.querySelector(".title").textContent = chart.title;
    figure.querySelector("svg").setAttribute("aria-label", chart.alt);
    legend(figure, chart);
    redraw(figure, chart, data.passes);
    figure.onpointermove = (event) => readout(figure, event);
    figure.onpointerleave = () => (figure.querySelector(".readout").textContent = "");
    if (!figure.observer) {
      figure.observer = new ResizeObserver(() => redraw(figure, figure.latest.chart, figure.latest.passes));
      figure.observer.observe(figure);
    }
  });
}
