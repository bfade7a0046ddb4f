// What the network of the moment takes the visitor's drawing for: the letter, five bars, and what it thought before.
const ROWS = 5;
const set = (node, text) => node.textContent !== text && (node.textContent = text);

function bars(box, best) {
  while (box.children.length < ROWS) {
    const row = document.createElement("div");
    row.innerHTML = "<b></b><i><u></u></i><span></span>";
    box.append(row);
  }
  [...box.children].forEach((row, i) => {
    const [label, share] = best[i] ?? ["", 0];
    set(row.children[0], label);
    row.children[1].firstChild.style.width = `${100 * share}%`;
    set(row.children[2], label === "" ? "" : `${Math.round(100 * share)} %`);
  });
}

// One stroke for every moment, as high as the network was sure; the letter stands where a guess begins.
function story(box, moments, passes) {
  const strip = box.querySelector(".strip");
  while (strip.children.length < moments.length) strip.append(document.createElement("i"));
  while (strip.children.length > moments.length) strip.lastChild.remove();
  moments.forEach(([x, until, label, share, colour], i) => {
    const mark = strip.children[i];
    mark.style.left = `${(100 * x) / passes}%`;
    mark.style.width = `${(100 * (until - x)) / passes}%`;
    mark.style.height = `${Math.max(4, 100 * share)}%`;
    mark.style.background = colour;
    mark.title = `pass ${x.toFixed(1)}: ${label}, ${Math.round(100 * share)} %`;
  });
}

function names(box, labels, passes) {
  const row = box.querySelector(".names");
  while (row.children.length < labels.length) row.append(document.createElement("span"));
  while (row.children.length > labels.length) row.lastChild.remove();
  labels.forEach(([x, label, colour], i) => {
    set(row.children[i], label);
    row.children[i].style.left = `${(100 * x) / passes}%`;
    row.children[i].style.color = colour;
  });
}

export default function ({ data, parentElement }) {
  const find = (name) => parentElement.querySelector(name);
  set(find(".letter"), data.letter || "?");
  find(".letter").classList.toggle("blank", !data.letter);
  set(find(".sentence"), data.sentence);
  bars(find(".bars"), data.best);
  // Its place is kept while it learns and there is a drawing, so that nothing moves when the first answer comes.
  find(".story").classList.toggle("none", !data.moments.length);
  find(".story").classList.toggle("over", !data.room);
  story(find(".story"), data.moments, data.passes);
  names(find(".story"), data.names, data.passes);
  find(".story").setAttribute("aria-label", data.alt);
}
