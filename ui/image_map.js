// Images as dots at x, y (0-1): hover shows the image, the wheel zooms, dragging moves; zoomed in,
// the images themselves are drawn. A click sends the image's number. A finger cannot hover: its first tap shows the
// image, a second one on the same sends its number, and two fingers zoom.
const ZOOM_LIMIT = 60;

export default function ({ data, parentElement, setTriggerValue }) {
  const canvas = parentElement.querySelector("canvas");
  const tip = parentElement.querySelector(".tip");
  const context = canvas.getContext("2d");
  const sheet = new Image();
  const ratio = window.devicePixelRatio || 1;
  let view = { x: 0, y: 0, zoom: 1 };
  let width = 0;
  let height = 0;
  let drag = null;
  const fingers = new Map(); // those that touch the map
  let spread = 0; // between two of them
  let nearest = -1;
  let reach = 0; // half the side of a drawn image

  const place = (i) => [
    (data.x[i] - view.x) * view.zoom * width,
    (data.y[i] - view.y) * view.zoom * height,
  ];
  const cell = (i) => [
    (i % data.columns) * data.side,
    Math.floor(i / data.columns) * data.side,
  ];

  function draw() {
    canvas.style.touchAction = view.zoom > 1 ? "none" : "pan-y"; // the whole map does not hold up the page below a finger
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const shown = [];
    for (let i = 0; i < data.x.length; i++) {
      const [x, y] = place(i);
      if (x > -20 && y > -20 && x < width + 20 && y < height + 20) shown.push([i, x, y]);
    }
    const pictures = sheet.complete && shown.length < 700;
    const size = pictures ? Math.min(40, Math.max(18, 500 / Math.sqrt(shown.length + 1))) : 3;
    reach = pictures ? size / 2 : 0;
    for (const [i, x, y] of shown) {
      context.fillStyle = context.strokeStyle = data.colours[data.classes[i]];
      if (pictures) {
        context.drawImage(sheet, ...cell(i), data.side, data.side, x - size / 2, y - size / 2, size, size);
        context.strokeRect(x - size / 2, y - size / 2, size, size);
      } else {
        context.beginPath();
        context.arc(x, y, size, 0, 7);
        context.fill();
      }
    }
    if (!pictures) drawNames();
  }

  // The name of each class where most of its dots are.
  function drawNames() {
    context.font = '600 17px "Source Code Pro", monospace'; // in which l, I and 1 differ
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 5;
    const style = getComputedStyle(canvas);
    context.strokeStyle = style.getPropertyValue("--st-background-color");
    context.fillStyle = style.getPropertyValue("--st-text-color");
    for (const { name, x, y } of data.centres) {
      const at = [(x - view.x) * view.zoom * width, (y - view.y) * view.zoom * height];
      context.strokeText(name, ...at);
      context.fillText(name, ...at);
    }
    context.lineWidth = 1;
  }

  function resize() {
    width = canvas.clientWidth;
    height = canvas.clientHeight;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    draw();
  }

  function find(event) {
    nearest = -1;
    let best = Math.max(15, reach) ** 2;
    for (let i = 0; i < data.x.length; i++) {
      const [x, y] = place(i);
      const distance = (x - event.offsetX) ** 2 + (y - event.offsetY) ** 2;
      if (distance < best) [best, nearest] = [distance, i];
    }
    tip.style.display = nearest < 0 ? "none" : "block";
    if (nearest < 0) return;
    const [x, y] = place(nearest);
    tip.style.left = `${Math.min(x + 14, width - 110)}px`;
    tip.style.top = `${Math.max(0, Math.min(y + 14, height - 130))}px`;
    const [column, row] = cell(nearest);
    const scale = 96 / data.side;
    const picture = tip.querySelector(".picture");
    picture.style.backgroundImage = `url(${data.sprite})`;
    picture.style.backgroundSize = `${data.columns * 96}px auto`;
    picture.style.backgroundPosition = `${-column * scale}px ${-row * scale}px`;
    tip.querySelector(".caption").textContent = data.names[data.classes[nearest]];
  }

  function zoomAt(x, y, factor) {
    const zoom = Math.min(ZOOM_LIMIT, Math.max(1, view.zoom * factor));
    const keep = (at, origin, size) => origin + at / size / view.zoom - at / size / zoom;
    view = { x: keep(x, view.x, width), y: keep(y, view.y, height), zoom };
    draw();
  }

  canvas.onwheel = (event) => {
    event.preventDefault();
    zoomAt(event.offsetX, event.offsetY, event.deltaY < 0 ? 1.25 : 0.8);
    find(event);
  };
  function pinch() {
    const [one, other] = [...fingers.values()];
    const now = Math.hypot(one.offsetX - other.offsetX, one.offsetY - other.offsetY);
    if (spread) zoomAt((one.offsetX + other.offsetX) / 2, (one.offsetY + other.offsetY) / 2, now / spread);
    spread = now;
  }

  function lift(event) {
    fingers.delete(event.pointerId);
    spread = 0;
  }

  canvas.onpointerdown = (event) => {
    if (event.pointerType === "touch") fingers.set(event.pointerId, event);
    if (fingers.size > 1) return (drag = null);
    drag = { x: event.clientX, y: event.clientY, moved: false, view: { ...view } };
    canvas.setPointerCapture(event.pointerId);
  };
  canvas.onpointermove = (event) => {
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, event);
    if (fingers.size > 1) return pinch();
    if (!drag) return event.pointerType === "touch" ? null : find(event);
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    drag.moved ||= Math.abs(dx) + Math.abs(dy) > (event.pointerType === "touch" ? 10 : 4);
    if (!drag.moved) return;
    tip.style.display = "none"; // it would stay behind
    view = {
      x: drag.view.x - dx / width / view.zoom,
      y: drag.view.y - dy / height / view.zoom,
      zoom: view.zoom,
    };
    draw();
  };
  canvas.onpointerup = (event) => {
    const [clicked, before] = [drag && !drag.moved, nearest];
    const touched = event.pointerType === "touch";
    drag = null;
    lift(event);
    if (clicked || !touched) find(event);
    if (clicked && nearest >= 0 && (!touched || nearest === before)) setTriggerValue("picked", nearest);
  };
  canvas.onpointercancel = (event) => {
    drag = null; // the page is scrolled instead
    lift(event);
  };
  canvas.onpointerleave = (event) => {
    if (event.pointerType !== "touch") tip.style.display = "none";
  };
  parentElement.querySelector(".in").onclick = () => zoomAt(width / 2, height / 2, 1.6);
  parentElement.querySelector(".out").onclick = () => zoomAt(width / 2, height / 2, 1 / 1.6);

  parentElement.querySelector(".save").onclick = () => {
    const link = document.createElement("a");
    link.download = "map.png";
    link.href = canvas.toDataURL("image/png");
    link.click();
  };

  sheet.onload = draw;
  sheet.src = data.sprite;
  const observer = new ResizeObserver(resize);
  observer.observe(canvas);
  return () => observer.disconnect();
}
