"""How long reading takes in this process. Run: ``python -m benchmarks.speed``."""

import statistics
import time

import numpy as np

from hcr_core import Recognizer
from hcr_core.datasets.pen_alphabet import pen_strokes
from hcr_core.datasets.strokes import render


def sheet(height: int, width: int, channels: int) -> np.ndarray:
    """A drawn R in the middle of a sheet, uint8 (height, width, channels), opaque."""
    image = np.full((height, width, channels), 255, np.uint8)
    ink = render(pen_strokes("R"), 80)
    y, x = (height - ink.shape[0]) // 2, (width - ink.shape[1]) // 2
    image[y : y + ink.shape[0], x : x + ink.shape[1], :3] = (255 - ink)[..., None]
    return image


def photo(height: int, width: int) -> np.ndarray:
    """The same unevenly lit and with noise, so that the photo path is taken."""
    light = np.linspace(0.5, 0.95, width)[None, :, None]
    noise = np.random.default_rng(0).normal(0, 3, (height, width, 1))
    return np.clip(sheet(height, width, 3) * light + noise, 0, 255).astype(np.uint8)


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
    canvas, phone = sheet(340, 340, 4), photo(3000, 4000)
    print(f"one glyph classified     {median_ms(lambda: recognizer.classify(glyph), 2000):8.3f} ms")
    print(f"10,000 glyphs, each      {median_ms(lambda: recognizer.classify(many), 5) / 10_000:8.3f} ms")
    print(f"340 x 340 drawing read   {median_ms(lambda: recognizer.read(canvas), 500):8.3f} ms")
    print(f"12-megapixel photo read  {median_ms(lambda: recognizer.read(phone), 20):8.3f} ms")


if __name__ == "__main__":
    main()
