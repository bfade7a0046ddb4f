// Validation images with what the network takes them for. The tiles stay; only guesses and colours change.
function tile(image, i, size, count) {
  const box = document.createElement("div");
  const picture = document.createElement("span");
  picture.className = "picture";
  picture.style.backgroundSize = `${100 * count}% 100%`;
  picture.style.backgroundPosition = `${count > 1 ? (100 * i) / (count - 1) : 0}% 0`;
  picture.style.backgroundImage = `url(${image})`;
  const guess = document.createElement("span");
  guess.className = "guess";
  box.append(picture, guess);
  box.setAttribute("role", "img");
  return box;
}

export default function ({ data, parentElement }) {
  const grid = parentElement.querySelector(".grid");
  if (grid.dataset.sprite !== data.sprite) {
    grid.dataset.sprite = data.sprite;
    grid.replaceChildren(...data.tiles.map((_, i) => tile(data.sprite, i, data.size, data.tiles.length)));
  }
  data.tiles.forEach(({ truth, guess, right, words }, i) => {
    const box = grid.children[i];
    box.className = guess === "" ? "tile" : right ? "tile right" : "tile wrong";
    box.ariaLabel = box.title = words;
    const text = guess === "" ? " " : right ? `${guess} ✓` : `${guess} ✗`;
    const label = box.querySelector(".guess");
    if (label.textContent !== text) label.textContent = text;
  });
}
