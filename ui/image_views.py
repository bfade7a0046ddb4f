"""Many small images at once: a grid and a map, each one transfer and one click away from Python."""

import base64
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import streamlit as st

_FOLDER = Path(__file__).parent
_BUTTON_STYLE = (
    "button { background: none; border: 0; padding: 0; cursor: pointer; font: inherit; color: var(--st-text-color); }"
)

_grid = st.components.v2.component(
    "hcr_image_grid",
    html='<div class="grid"></div>',
    css="""
.grid { display: flex; flex-wrap: wrap; gap: 6px; font-family: var(--st-font); }
.rows { display: grid; grid-template-columns: repeat(var(--row), minmax(0, var(--tile))); }
.rows .picture { width: 100%; height: auto; aspect-ratio: 1; }
.group { padding: 8px; margin: 0 8px 8px 0; border: 1px solid var(--st-border-color); border-radius: 8px;
  color: var(--st-text-color); font-size: 0.85rem; text-align: center; }
.images { display: flex; flex-wrap: wrap; gap: 6px; justify-content: center; }
.group > span { display: block; margin-top: 4px; }
"""
    + _BUTTON_STYLE
    + """
button:hover .picture, button:focus-visible .picture { outline: 3px solid var(--st-primary-color); }
button:focus { outline: none; }
.picture { display: block; width: var(--tile); height: var(--tile); image-rendering: pixelated; border-radius: 3px; }
/* l, I and 1 differ in it. */
.caption { display: block; max-width: var(--tile); font: 0.78rem/1.3 var(--st-code-font, monospace);
  white-space: pre-line; overflow-wrap: anywhere; }
""",
    js=(_FOLDER / "image_grid.js").read_text(encoding="utf-8"),
)

_map = st.components.v2.component(
    "hcr_image_map",
    html="""
<div class="map"><canvas></canvas>
<div class="tip"><div class="picture"></div><div class="caption"></div></div>
<div class="zoom"><button class="in" aria-label="Zoom in">+</button>
<button class="out" aria-label="Zoom out">&minus;</button>
<button class="save" aria-label="Save as PNG" title="Save as PNG">&darr;</button></div></div>""",
    css=_BUTTON_STYLE
    + """
.map { position: relative; font-family: var(--st-font); color: var(--st-text-color); }
canvas { width: 100%; height: 560px; border: 1px solid var(--st-border-color); border-radius: 12px; display: block;
  cursor: crosshair; box-sizing: border-box; }
.tip { display: none; position: absolute; pointer-events: none; padding: 4px; border-radius: 6px; text-align: center;
  background: var(--st-secondary-background-color); border: 1px solid var(--st-border-color); }
.tip .picture { width: 96px; height: 96px; image-rendering: pixelated; }
.zoom { position: absolute; right: 10px; top: 10px; display: flex; gap: 4px; }
.zoom button { width: 32px; height: 32px; font-size: 20px; border: 1px solid var(--st-border-color); border-radius: 6px;
  background: var(--st-background-color); }
""",
    js=(_FOLDER / "image_map.js").read_text(encoding="utf-8"),
)


def image_grid(
    images: np.ndarray,
    captions: Sequence[str],
    key: str,
    *,
    tile: int = 56,
    descriptions: Sequence[str] | None = None,
    row: int = 0,
    groups: Sequence[tuple[int, str]] = (),
) -> int | None:
    """Show images (n, H, W) in a grid.

    Args:
        images: uint8, shown as they are.
        captions: One under each image; may be empty texts.
        key: Name of the widget.
        tile: Side of an image on the screen, in CSS pixels.
        descriptions: What each image is, for tooltips and screen readers; the captions if ``None``.
        row: So many images a row, smaller ones where there is little room; 0: as many as there is room for.
        groups: Framed together: how many images each has, in their order, and words below it; none if empty.

    Returns:
        The number of the image that was just clicked, or ``None``.
    """
    if not len(images):
        return None
    columns = min(len(images), 40)
    result = _grid(
        data={
            "sprite": sprite_sheet(images, columns),
            "columns": columns,
            "tile": tile,
            "row": row,
            "groups": [list(group) for group in groups],
            "captions": list(captions),
            "descriptions": list(descriptions or captions),
        },
        key=key,
        on_picked_change=lambda: None,
    )
    return result.picked


def image_map(
    images: np.ndarray,
    coordinates: np.ndarray,
    classes: np.ndarray,
    names: Sequence[str],
    colours: Sequence[str],
    key: str,
) -> int | None:
    """Show images (n, H, W) as dots, coloured by class, with the image on hover.

    Args:
        images: uint8.
        coordinates: float (n, 2), in any unit; stretched to fill the map.
        classes: int (n,), positions in ``names`` and ``colours``.
        names: What each class is called.
        colours: Colour of each class, as CSS writes it.
        key: Name of the widget.

    Returns:
        The number of the image that was just clicked, or ``None``.
    """
    low, extent = coordinates.min(axis=0), np.maximum(np.ptp(coordinates, axis=0), 1e-9)
    places = (0.03 + 0.94 * (coordinates - low) / extent).round(4)
    middles = {int(i): np.median(places[classes == i], axis=0).tolist() for i in np.unique(classes)}
    columns = 64
    result = _map(
        data={
            "sprite": sprite_sheet(images, columns),
            "columns": columns,
            "side": images.shape[1],
            "x": places[:, 0].tolist(),
            "y": places[:, 1].tolist(),
            "centres": [{"name": names[i], "x": x, "y": y} for i, (x, y) in middles.items()],
            "classes": classes.tolist(),
            "names": list(names),
            "colours": list(colours),
        },
        key=key,
        on_picked_change=lambda: None,
    )
    return result.picked


def by_hand(mouse: str, touch: str) -> None:
    """A caption for those with a mouse, and another for those who touch the screen: each browser shows its own."""
    for hand, words in (("mouse", mouse), ("touch", touch)):
        with st.container(key=f"by-{hand}"):
            st.caption(words)


def data_url(image: np.ndarray) -> str:
    """An image, uint8 (H, W), as a PNG data URL."""
    return "data:image/png;base64," + base64.b64encode(cv2.imencode(".png", image)[1].tobytes()).decode()


def sprite_sheet(images: np.ndarray, columns: int) -> str:
    """Images side by side, ``columns`` in a row, as a PNG data URL."""
    n, height, width = images.shape
    rows = -(-n // columns)
    sheet = np.zeros((rows * columns, height, width), np.uint8)
    sheet[:n] = images
    sheet = sheet.reshape(rows, columns, height, width).swapaxes(1, 2).reshape(rows * height, columns * width)
    return data_url(sheet)
