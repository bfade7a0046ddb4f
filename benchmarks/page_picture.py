"""The picture of a page in the README: written by code, photographed by code, read by the app as English.

Run, with the app started: ``python -m benchmarks.page_picture [--app http://localhost:8501] [--to docs/page.png]``.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import cv2
import numpy as np

from hcr_core.datasets.pen_text import text_strokes

_LINES = (
    "Dear Anna",
    "we saw 14 swans on the",
    "lake and 3 herons Tom fell",
    "in but he can swim",
    "Call me on 5550173",
)
#: In pixels: size of the sheet, x-height, distance of the lines, width of the pen.
_SIZE, _X_HEIGHT, _PITCH, _PEN = (1040, 640), 30, 104, 4
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def written_page(rng: np.random.Generator) -> np.ndarray:
    """A ruled sheet with slanting lines of writing in blue under a lamp, uint8 (h, w, 3) BGR."""
    width, height = _SIZE
    sheet = np.full((height, width, 3), (226, 240, 244), np.uint8)
    for row in range(len(_LINES)):
        y = 112 + row * _PITCH
        cv2.line(sheet, (0, y), (width, y + 6), (214, 196, 178), 2, cv2.LINE_AA)
        strokes, _ = text_strokes(_LINES[row], 70, y, x_height=_X_HEIGHT, gap=9)
        for stroke in strokes:
            # A slant, and a hand that is not quite steady.
            bent = stroke + np.column_stack([0.12 * (y - stroke[:, 1]), 0.006 * stroke[:, 0]])
            bent = bent + rng.normal(0, 1.4, 2)
            cv2.polylines(sheet, [np.round(bent * 16).astype(np.int32)], False, (110, 50, 30), _PEN, cv2.LINE_AA, 4)
    light = np.linspace(0.72, 1, width)[None, :, None] * np.linspace(1, 0.85, height)[:, None, None]
    return np.clip(sheet * light + rng.normal(0, 1, (height, width, 1)), 0, 255).astype(np.uint8)


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--app", default="http://localhost:8501")
    parser.add_argument("--to", type=Path, default=Path("docs/page.png"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        photo = Path(folder) / "notes.jpg"
        photo.write_bytes(cv2.imencode(".jpg", written_page(np.random.default_rng(3)))[1].tobytes())
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(options.app)
        page.get_by_text("Upload", exact=True).click()
        page.get_by_text("Find out", exact=True).wait_for()
        page.get_by_role("radio", name="Page", exact=True).click()
        page.get_by_role("combobox", name="Words of").click()
        page.get_by_text("English", exact=True).click()
        page.locator("input[type=file]").set_input_files([photo])
        page.locator(".box").first.wait_for(timeout=60_000)
        page.locator(".box.unsure").first.hover()
        page.wait_for_timeout(1000)
        page.screenshot(path=options.to)
        browser.close()


if __name__ == "__main__":
    main()
