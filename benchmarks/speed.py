"""How long reading takes in this process. Run: ``python -m benchmarks.speed``."""

import statistics
import sys
import time

import cv2
import numpy as np

from hcr_core import Recognizer
from hcr_core.datasets.pen_alphabet import pen_strokes
from hcr_core.datasets.strokes import render
from hcr_core.page_ink import find_ink

#: Most milliseconds that a page of about 500 characters may take, also as a photo of 12 megapixels.
WANTED_PAGE_MS = 1000


def sheet(height: int, width: int, channels: int) -> np.ndarray:
    """A drawn R in the middle of a sheet, uint8 (height, width, channels), opaque."""
    image = np.full((height, width, channels), 255, np.uint8)
    ink = render(pen_strokes("R"), 80)
    y, x = (height - ink.shape[0]) // 2, (width - ink.shape[1]) // 2
    image[y : y + ink.shape[0], x : x + ink.shape[1], :3] = (255 - ink)[..., None]
    return image


def page(lines: int = 14) -> np.ndarray:
    """Lines of pen strokes in slightly unsteady hand on white paper, 35 characters each; uint8 (h, 1700, 3)."""
    rng, image = np.random.default_rng(0), np.full((80 * lines + 80, 1700, 3), 255, np.uint8)
    for i in range(lines):
        x = 50.0
        for letter in "The quick brown fox jumps over 13 lazy dogs":
            strokes = pen_strokes(letter) if letter != " " else []
            left = min((stroke[:, 0].min() for stroke in strokes), default=0.0)
            for stroke in strokes:
                path = (stroke - [left, 100]) * 0.375 + [x, 80 + 80 * i] + rng.normal(0, 0.3, stroke.shape)
                cv2.polylines(image, [np.round(path * 16).astype(np.int32)], False, (30, 30, 30), 3, cv2.LINE_AA, 4)
            width = float(np.ptp(np.concatenate(strokes)[:, 0])) if strokes else 55.0
            x += 0.375 * width + 8
    return image


def photographed(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """An image on a sheet of that size, unevenly lit and with noise, so that the photo path is taken."""
    scale = min(height / image.shape[0], width / image.shape[1])
    sheet = np.full((height, width, 3), 255, np.uint8)
    large = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    sheet[: large.shape[0], : large.shape[1]] = large[:height, :width]
    light = np.linspace(0.5, 0.95, width, dtype=np.float32)[None, :, None]
    noise = np.random.default_rng(0).normal(0, 3, (height, width, 1)).astype(np.float32)
    return np.clip(sheet * light + noise, 0, 255).astype(np.uint8)


def median_ms(work, runs: int) -> float:
    """Median duration of a call in milliseconds, after a tenth as many calls to warm up."""
    for _ in range(max(1, runs // 10)):
        work()
    durations = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        durations.append(time.perf_counter() - started)
    return 1000 * statistics.median(durations)


def main() -> None:
    recognizer = Recognizer.load()
    glyph = np.random.default_rng(0).integers(0, 256, (1, 28, 28), dtype=np.uint8)
    many = glyph.repeat(10_000, axis=0)
    canvas, phone = sheet(340, 340, 4), photographed(sheet(3000, 4000, 3), 3000, 4000)
    print(f"one glyph classified     {median_ms(lambda: recognizer.classify(glyph), 2000):8.3f} ms")
    print(f"10,000 glyphs, each      {median_ms(lambda: recognizer.classify(many), 5) / 10_000:8.3f} ms")
    print(f"340 x 340 drawing read   {median_ms(lambda: recognizer.read(canvas), 500):8.3f} ms")
    print(f"12-megapixel photo read  {median_ms(lambda: recognizer.read(phone), 20):8.3f} ms")
    written = page()
    large = photographed(written, 3000, 4000)
    characters = len(recognizer.read(written, "page").characters)
    wanted = f"   (wanted: under {WANTED_PAGE_MS})"
    whole, photo = (median_ms(lambda image=image: recognizer.read(image, "page"), 10) for image in (written, large))
    print(f"page of {characters} characters   {whole:8.1f} ms{wanted}")
    print(f"12-megapixel photo of it {photo:8.1f} ms{wanted}")
    print(f"   its ink alone         {median_ms(lambda: find_ink(large), 10):8.1f} ms")
    sys.exit(max(whole, photo) > WANTED_PAGE_MS)


if __name__ == "__main__":
    main()
