// A grid of small images cut from one sprite sheet. A click or Enter sends the image's number.
export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".grid");
  grid.style.setProperty("--tile", `${data.tile}px`);
  grid.replaceChildren(
    ...data.captions.map((caption, i) => {
      const button = document.createElement("button");
      button.title = button.ariaLabel = data.descriptions[i];
      const picture = document.createElement("span");
      picture.className = "picture";
      const column = i % data.columns;
      const row = Math.floor(i / data.columns);
      picture.style.backgroundImage = `url(${data.sprite})`;
      picture.style.backgroundSize = `${data.columns * data.tile}px auto`;
      picture.style.backgroundPosition = `${-column * data.tile}px ${-row * data.tile}px`;
      const text = document.createElement("span");
      text.className = "caption";
      text.textContent = caption;
      button.append(picture, text);
      button.onclick = () => setTriggerValue("picked", i);
      return button;
    }),
  );
}
