// How far a run is: a sentence, a bar with a notch for every pass over the data, and a few numbers.
// Everything is changed in place, so nothing flickers and the bar glides.
const set = (node, text) => node.textContent !== text && (node.textContent = text);

export default function ({ data, parentElement }) {
  const find = (name) => parentElement.querySelector(name);
  find(".head").dataset.state = data.state;
  set(find(".sentence"), data.sentence);
  const bar = find(".bar");
  bar.setAttribute("aria-valuenow", Math.round(100 * data.fraction));
  find(".done").style.width = `${100 * data.fraction}%`;
  // More notches than these would be a grey bar.
  const notches = data.passes > 1 && data.passes <= 60 ? 100 / data.passes : 100;
  find(".notches").style.backgroundSize = `${notches}% 100%`;
  const numbers = find(".numbers");
  data.numbers.forEach(([label, value], i) => {
    let box = numbers.children[i];
    if (!box) {
      box = document.createElement("div");
      box.append(document.createElement("b"), document.createElement("span"));
      numbers.append(box);
    }
    set(box.children[0], value);
    set(box.children[1], label);
  });
  while (numbers.children.length > data.numbers.length) numbers.lastChild.remove();
}
