"""What a visitor waits for in a real Chromium: the app's start, the first answer, every further one.

Run: ``python -m benchmarks.in_the_browser [STROKES]``; needs Chromium. The app is started several times, and the middle
ones are told. A stroke ends when the mouse button comes up; the answer is on screen in the frame after the letter was
replaced. Strokes are drawn again while a network trains on the bundled digits.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.app_server import running
from hcr_core.training import job
from hcr_core.training.config import TrainingConfig

STROKES, STARTS = 60, 5
#: Milliseconds from a stroke's end to the answer, also beside a training run; seconds to a healthy app, and to the
#: first answer.
WANTED_MS, WANTED_BESIDE_MS, WANTED_HEALTHY, WANTED_FIRST = 200, 260, 1.0, 3.0
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
_FLAGS += ["--disable-component-update", "--disable-sync"]
#: Notes when the button comes up, and when a frame with another answer has been drawn.
_WATCH = """() => {
  window.waits = [];
  let up = 0, last = '';
  document.addEventListener('pointerup', () => { up = performance.now(); }, true);
  document.addEventListener('mouseup', () => { up = performance.now(); }, true);
  const seen = () => document.querySelector('.answer')?.innerText ?? '';
  new MutationObserver(() => {
    const now = seen();
    if (!up || !now || now === last) return;
    const since = up; up = 0; last = now;
    requestAnimationFrame(() => window.waits.push(performance.now() - since));
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def main() -> None:
    from playwright.sync_api import sync_playwright

    strokes = int(sys.argv[1]) if len(sys.argv) > 1 else STROKES
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        starts = []
        for last in [False] * (STARTS - 1) + [True]:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            with running() as server:
                starts.append((server.seconds, server.seconds + _first_answer(page, server.port)))
                if last:
                    page.evaluate(_WATCH)
                    alone = _waits(page, strokes)
                    with training():
                        beside = _waits(page, strokes)
            page.close()
        browser.close()
    healthy, first = np.median(starts, axis=0).tolist()
    print(f"app healthy after           {healthy:5.2f} s   (wanted: under {WANTED_HEALTHY:.0f})")
    print(f"first answer on screen      {first:5.2f} s   (wanted: under {WANTED_FIRST:.0f})")
    missed = healthy > WANTED_HEALTHY or first > WANTED_FIRST
    for what, waits, wanted in (("alone", alone, WANTED_MS), ("beside a training", beside, WANTED_BESIDE_MS)):
        middle, late = np.percentile(waits, [50, 95])
        print(f"stroke to answer, {what:<18} p50 {middle:.0f} ms   p95 {late:.0f} ms   (wanted: p50 under {wanted})")
        missed |= bool(middle > wanted)
    sys.exit(missed)


def _first_answer(page, port: int) -> float:
    """Seconds from opening the page to the answer to a first stroke on it."""
    began = time.perf_counter()
    page.goto(f"http://localhost:{port}")
    page.wait_for_selector("canvas.upper-canvas")
    _stroke(page, 0)
    page.wait_for_function("() => (document.querySelector('.answer .letter')?.innerText ?? '?') !== '?'")
    return time.perf_counter() - began


@contextmanager
def training() -> Iterator[None]:
    """A run that goes on and on, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        config = TrainingConfig.of("beside", ("digits",), "compact", changes={"epochs": 10_000}, store=folder)
        run = job.start(config, Path(folder) / "run")
        try:
            while not run.images_per_second():
                if run.state() in job.ENDED:
                    raise RuntimeError("the training did not start")
                time.sleep(0.1)
            yield
        finally:
            run.ask("stop")
            while run.state() not in job.ENDED:
                time.sleep(0.1)


def _waits(page, strokes: int) -> np.ndarray:
    """Milliseconds from the ends of strokes to their answers, float (strokes,) or a few more for cleared sheets."""
    page.evaluate("window.waits.length = 0")
    for number in range(1, strokes + 1):
        if number % 4 == 0:
            page.locator(".st-key-recognize_pad_clear button").locator("visible=true").first.click()
            page.wait_for_timeout(700)
        _stroke(page, number)
        page.wait_for_timeout(700)
    return np.array(page.evaluate("window.waits"))


def _stroke(page, number: int) -> None:
    """Draw a line, each one somewhere else, so that the answer differs from the last."""
    pad = page.locator("canvas.upper-canvas").bounding_box()
    angle = 2.4 * number
    x, y = pad["x"] + pad["width"] / 2, pad["y"] + pad["height"] / 2
    dx, dy = 110 * np.cos(angle), 110 * np.sin(angle)
    page.mouse.move(x - dx, y - dy)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=6)
    page.mouse.up()


if __name__ == "__main__":
    main()
