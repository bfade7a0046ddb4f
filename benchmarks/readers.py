"""Single characters that nobody trained on, read by the studio, by the A-Z tutorial's network and by Tesseract.

Run: ``HCR_DATA_DIR=... python -m benchmarks.readers [--limit N]``. All read the same pictures: capitals and
all 62 classes, drawn with the pen strokes of unseen writers (unipen) and photographed on paper
(paper_chars). The tutorial's network is trained here by its own recipe on emnist62's capitals, since
the A-Z CSV is not at hand, and reads once through the tutorial's own photo recipe, once through ours.
"""

import argparse
import csv
import io
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from benchmarks.words import drawn, tesseract
from hcr_core import Recognizer
from hcr_core.alphabet import Alphabet
from hcr_core.datasets import load
from hcr_core.imaging import decode
from hcr_core.model_store import open_folder
from hcr_core.training import job
from hcr_core.training.config import TrainingConfig

CAPITALS = Alphabet.from_text("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
#: Thinnest and widest pen, in thousandths of the character.
PENS = (20, 190)
#: Longer side of a drawn character in pixels.
SIDE = 200
Sample = tuple[str, np.ndarray]


def drawn_samples(limit: int) -> list[Sample]:
    """Characters of unseen writers drawn on white, with pens of all widths."""
    dataset, rng = load("unipen", "test"), np.random.default_rng(0)
    rows = rng.permutation(len(dataset))[:limit]
    pens = np.exp(rng.uniform(*np.log(PENS), len(rows)))
    return [
        (dataset.alphabet[dataset.labels[i]], drawn(dataset.strokes[int(i)], pen, SIDE / 1000))
        for i, pen in zip(rows, pens, strict=True)
    ]


def photographed_samples(limit: int) -> list[Sample]:
    """Crops of photos of characters on paper."""
    with zipfile.ZipFile(Path(os.environ["HCR_DATA_DIR"]) / "paper_chars" / "paper_chars.zip") as archive:
        names = archive.namelist()
        table = io.StringIO(archive.read(next(name for name in names if name.endswith("labels.csv"))).decode())
        rows = [(row["image"], row["label"]) for row in csv.DictReader(table)]
        chosen = np.random.default_rng(0).permutation(len(rows))[:limit]
        place = {Path(name).name: name for name in names}
        return [(rows[i][1], decode(archive.read(place[Path(rows[i][0]).name]))) for i in chosen]


def tutorial_glyph(image: np.ndarray) -> np.ndarray:
    """The A-Z tutorial's own photo recipe, uint8 (28, 28): blur, gray, a fixed threshold, resized."""
    colour = image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    gray = cv2.cvtColor(cv2.GaussianBlur(colour[..., :3], (7, 7), 0), cv2.COLOR_RGB2GRAY)
    _, ink = cv2.threshold(gray, 100, 255, cv2.THRESH_BINARY_INV)
    return cv2.resize(ink, (28, 28))


def tutorial_network() -> Recognizer:
    """The tutorial's network, trained by its own recipe."""
    with tempfile.TemporaryDirectory() as folder:
        config = TrainingConfig.of("a-z", ("emnist62",), "az-cnn", classes="uppercase")
        run = job.start(config, Path(folder) / "run")
        while run.state() not in job.ENDED:
            time.sleep(0.5)
        return Recognizer(open_folder(run.folder / job.MODEL))


def right(samples: list[Sample], read: Callable[[np.ndarray], str]) -> tuple[float, float]:
    """Shares of right answers: exactly, and but for the case."""
    answers = [(label, read(image)) for label, image in samples]
    exactly = np.mean([label == answer for label, answer in answers])
    folded = np.mean([label.casefold() == answer.casefold() for label, answer in answers])
    return float(exactly), float(folded)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, default=100_000, help="pictures of each kind at most")
    limit = parser.parse_args().limit
    ours, theirs = Recognizer.load(), tutorial_network()

    def by_tutorial(glyph: np.ndarray) -> str:
        return theirs.alphabet[int(theirs.classify(glyph[None])[0].argmax())]

    readers = {
        "A-Z tutorial's network, its own photo recipe": lambda image: by_tutorial(tutorial_glyph(image)),
        "A-Z tutorial's network, our photo path": lambda image: theirs.read(image).text,
        "Tesseract (psm 10)": lambda image: tesseract(image, 10),
        "this studio": lambda image: ours.read(image).text,
        "this studio, capitals only": lambda image: ours.read(image, alphabet="uppercase").text,
    }
    if not shutil.which("tesseract"):
        readers.pop("Tesseract (psm 10)")
    print("| pictures | reader | right | but for the case |\n|---|---|---|---|")
    for source, samples in (("pens", drawn_samples(limit)), ("photos", photographed_samples(limit))):
        capitals = [sample for sample in samples if sample[0] in CAPITALS]
        for kind, chosen in (("capitals", capitals), ("all 62", samples)):
            for name, read in readers.items():
                if kind == "all 62" and ("A-Z" in name or "capitals" in name):
                    continue
                exactly, folded = right(chosen, read)
                print(f"| {source}, {len(chosen):,} {kind} | {name} | {exactly:.1%} | {folded:.1%} |", flush=True)


if __name__ == "__main__":
    main()
