// A grid of small images cut from one sprite sheet, or groups of them. A click or Enter sends the image's number.
const share = (place, places) => (places > 1 ? (100 * place) / (places - 1) : 0);

function tile(data, i, pick) {
  const button = document.createElement("button");
  button.title = button.ariaLabel = data.descriptions[i];
  const picture = document.createElement("span");
  picture.className = "picture";
  const rows = Math.ceil(data.captions.length / data.columns);
  const column = i % data.columns;
  const row = Math.floor(i / data.columns);
  picture.style.backgroundImage = `url(${data.sprite})`;
  // Shares, not pixels: where there is little room the tiles of a row are smaller.
  picture.style.backgroundSize = `${100 * data.columns}% ${100 * rows}%`;
  picture.style.backgroundPosition = `${share(column, data.columns)}% ${share(row, rows)}%`;
  const text = document.createElement("span");
  text.className = "caption";
  text.textContent = data.captions[i];
  button.append(picture, text);
  button.onclick = () => pick(i);
  return button;
}

function group(title, tiles) {
  const box = document.createElement("div");
  const images = document.createElement("div");
  const words = document.createElement("span");
  box.className = "group";
  box.setAttribute("role", "group");
  box.ariaLabel = words.textContent = title;
  images.className = "images";
  images.append(...tiles);
  box.append(images, words);
  return box;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".grid");
  grid.style.setProperty("--tile", `${data.tile}px`);
  grid.classList.toggle("rows", data.row > 0);
  grid.style.setProperty("--row", data.row);
  const tiles = data.captions.map((_, i) => tile(data, i, (place) => setTriggerValue("picked", place)));
  let next = 0;
  const groups = data.groups.map(([size, title]) => group(title, tiles.slice(next, (next += size))));
  grid.replaceChildren(...(groups.length ? groups : tiles));
}
