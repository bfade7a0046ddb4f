"""Character error rates of words, lines and photos that were not trained on, and the time they take.

Run: ``HCR_DATA_DIR=... python -m benchmarks.words [--limit N] [--failures DIR]``. The error rate (CER) is
the edit distance without case and spaces over the number of characters. Tesseract, where it is
installed, reads the same images.
"""

import argparse
import csv
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from hcr_core import Recognizer
from hcr_core.datasets import load
from hcr_core.imaging import read_file
from hcr_core.training.composed_lines import compose, glyph_writer, random_words
from hcr_core.training.grouping_data import drawn, unipen_words

#: Pens for words of 200 units height, from a fine liner to a felt pen.
PENS = (5, 9, 15)
#: So many composed lines and rows of digits; each line has about 20 characters.
_LINES = 120
#: The photos whose text is in print letters; the others are for looking.
PRINT_PHOTOS = ("digits_13540.jpg", "word_hospital.jpg", "word_think.jpg", "photo_because_be_doing.jpg", "word_be.jpg")

Sample = tuple[str, np.ndarray]


def distance(truth: str, read: str) -> int:
    """Edit distance (Levenshtein)."""
    row = list(range(len(read) + 1))
    for i, a in enumerate(truth):
        diagonal, row[0] = row[0], i + 1
        for j, b in enumerate(read):
            diagonal, row[j + 1] = row[j + 1], min(row[j + 1] + 1, row[j] + 1, diagonal + (a != b))
    return row[-1]


def folded(text: str) -> str:
    """Without case, and without anything that is no letter or digit."""
    return "".join(c for c in text.lower() if c.isalnum())


def word_samples(
    data: Path, limit: int, *, separate: bool = False, split: str = "test", styles: tuple[str, ...] = ("PRINTED",)
) -> Iterator[Sample]:
    """Words of writers held out, drawn with pens of several widths on white.

    ``separate``: only those in which no stroke's columns overlap another letter's: as many parts
    side by side as letters.
    """
    words = unipen_words(data / "unipen" / "unipen_words.npz", split, styles)
    for k, (text, strokes, _) in enumerate(islice(words, limit)):
        image = drawn(strokes, PENS[k % len(PENS)])
        if not separate or _parts(image) == len(text):
            yield text, image


def _parts(image: np.ndarray) -> int:
    columns = (image < 128).any(axis=0).astype(np.int8)
    return int((np.diff(columns, prepend=0) == 1).sum())


def line_samples(limit: int, seed: int = 0, split: str = "test") -> Iterator[Sample]:
    """Lines of four random words of emnist62 characters."""
    rng = np.random.default_rng(seed)
    write = glyph_writer(load("emnist62", split), rng)
    for _ in range(limit):
        text = " ".join(random_words(rng, 4))
        yield text, compose(text, [write(letter) for letter in text.replace(" ", "")], rng).image


def digit_samples(limit: int) -> Iterator[Sample]:
    """Rows of six digits of the MNIST test set, apart as on a form."""
    dataset, rng = load("mnist", "test"), np.random.default_rng(0)
    labels = np.asarray(dataset.labels)
    for _ in range(limit):
        rows = rng.choice(len(labels), 6, replace=False)
        row = np.hstack([np.asarray(dataset.images[i]) for i in rows])
        large = cv2.resize(cv2.copyMakeBorder(row, 10, 10, 10, 10, cv2.BORDER_CONSTANT), None, fx=2, fy=2)
        yield "".join(str(labels[i]) for i in rows), 255 - large


def photo_samples(data: Path) -> Iterator[Sample]:
    with open(data / "photos" / "labels.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["image"] in PRINT_PHOTOS:
                yield row["text"].replace("|", "\n"), read_file(data / "photos" / row["image"])


def tesseract(image: np.ndarray, mode: int) -> str:
    """What Tesseract reads; ``mode`` is its page segmentation mode (6 a page, 7 a line, 8 a word)."""
    png = cv2.imencode(".png", image)[1].tobytes()
    command = ["tesseract", "stdin", "stdout", "--psm", str(mode)]
    done = subprocess.run(command, input=png, capture_output=True, env=os.environ | {"OMP_THREAD_LIMIT": "1"})
    return done.stdout.decode(errors="replace").strip()


@dataclass(frozen=True)
class Row:
    """What is measured: images with their texts, how they are read, and how Tesseract reads them."""

    name: str
    samples: Iterator[Sample]
    layout: str
    mode: int
    alphabet: str = "all"
    language: str | None = None


def measure(row: Row, recognizer: Recognizer, failures: Path | None) -> None:
    """Print one row; write the pictures that were misread."""
    errors = theirs = characters = count = 0
    seconds = 0.0
    # It always has its own English words; asked once.
    compare = shutil.which("tesseract") is not None and row.language is None
    for text, image in row.samples:
        started = time.perf_counter()
        read = recognizer.read(image, row.layout, row.alphabet, language=row.language).text
        seconds += time.perf_counter() - started
        wrong = distance(folded(text), folded(read))
        errors, characters, count = errors + wrong, characters + len(folded(text)), count + 1
        if compare:
            theirs += distance(folded(text), folded(tesseract(image, row.mode)))
        if wrong and failures:
            caption = f"{row.name}-{count:04d}-{folded(text)[:40]}-read-{folded(read)[:40]}.png".replace(" ", "_")
            cv2.imwrite(str(failures / caption), image)
    other = f"{theirs / characters:9.1%}" if compare else "        -"
    print(
        f"{row.name:<26} {count:>6} {characters:>10} {errors / characters:7.1%} {other} {1000 * seconds / count:9.0f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=10_000, help="samples of each kind at most")
    parser.add_argument("--failures", type=Path, help="a folder for pictures of what was misread")
    options = parser.parse_args()
    if options.failures:
        options.failures.mkdir(parents=True, exist_ok=True)
    data, recognizer = Path(os.environ["HCR_DATA_DIR"]), Recognizer.load()
    print(f"{'what':<26} {'images':>6} {'characters':>10} {'CER':>7} {'Tesseract':>9} {'ms/image':>9}")
    joined = {"styles": ("MIXED", "CURSIVE")}
    rows = (
        Row("words, unseen writers", word_samples(data, options.limit), "word", 8),
        Row("with English words", word_samples(data, options.limit), "word", 8, language="en"),
        Row("of separate letters", word_samples(data, options.limit, separate=True), "word", 8),
        Row("of joined hands", word_samples(data, options.limit, **joined), "word", 8),
        Row("joined, English words", word_samples(data, options.limit, **joined), "word", 8, language="en"),
        Row("composed lines", line_samples(min(_LINES, options.limit)), "page", 7),
        Row("digit rows", digit_samples(min(_LINES, options.limit)), "auto", 7),
        Row("digit rows, only digits", digit_samples(min(_LINES, options.limit)), "auto", 7, "digits"),
        Row("photos in print letters", photo_samples(data), "auto", 6),
    )
    for row in rows:
        measure(row, recognizer, options.failures)


if __name__ == "__main__":
    main()
