"""The command ``python -m hcr_core evaluate``: a model's figures on a data set."""

import argparse
import contextlib
import csv
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hcr_core.alphabet import KINDS, Alphabet
from hcr_core.atomic import file_written_aside
from hcr_core.calibration import expected_calibration_error
from hcr_core.datasets import DatasetError, load
from hcr_core.datasets.dataset import SPLITS
from hcr_core.evaluation import Answers, ClassFigures, Report, answers, report
from hcr_core.matching import Match, match
from hcr_core.recognition import Recognizer
from hcr_core.terminal import ProgressBar, quiet, say

#: Classes a class is mistaken for that a line of the table has room for; JSON has all.
_MISTAKEN = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``evaluate``."""
    parser.add_argument("--model", default="characters", help="a model of the store (default: %(default)s)")
    parser.add_argument("--data", required=True, help="a data set, your own too")
    parser.add_argument("--split", choices=SPLITS, default="test", help="the part to read (default: %(default)s)")
    parser.add_argument("--alphabet", choices=KINDS, default="all", help="only images of these classes")
    parser.add_argument(
        "--all-classes", action="store_true", help="let the model answer with classes that the data does not have"
    )
    parser.add_argument("--predictions", type=Path, metavar="OUT.csv", help="write every answer to this file")
    parser.add_argument(
        "--confusion",
        type=Path,
        metavar="OUT.csv",
        help="write the confusion matrix: true classes down, answers across",
    )
    parser.add_argument("--json", action="store_true", help="as one JSON object")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status, raises ``ModelError`` or ``DatasetError``."""
    for out in filter(None, (options.predictions, options.confusion)):
        _check_writable(out)
    with quiet():
        recognizer = Recognizer.load(options.model)
    with ProgressBar() as bar:
        dataset = load(options.data, options.split, bar.share)
    matched = match(recognizer.alphabet, dataset, options.alphabet, all_classes=options.all_classes)
    with ProgressBar() as bar:
        answered = answers(recognizer.classify, dataset, matched, bar.share)
    if options.predictions is not None:
        _write(options.predictions, answered, matched)
    about = {
        "model": recognizer.name,
        "data": dataset.name,
        "split": options.split,
        "restricted_to": matched.restricted_to,
        "unknown_classes": matched.unknown,
        "unknown_images": matched.unknown_images,
    }
    measured = report(answered, matched)
    if options.confusion is not None:
        _write_confusion(options.confusion, measured.confusion, matched.alphabet)
    right = answered.first_two[:, 0] == matched.labels
    about["calibration_error"] = round(expected_calibration_error(answered.probabilities[:, 0], right), 4)
    if options.json:
        print(json.dumps(about | measured.to_dict(), ensure_ascii=False))
    else:
        _print(about, measured)
    return 0


def _check_writable(out: Path) -> None:
    """Raise ``DatasetError`` before the minutes that a large data set takes, not after."""
    if out.is_dir():
        raise DatasetError(f"{out} is a folder: name the file to write")
    if out.exists() and not out.is_file():
        raise DatasetError(f"{out}: cannot be written (what is there is no file)")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=out.parent).close()
    except OSError as error:
        raise DatasetError(f"{out}: cannot be written ({error.strerror or error})") from None


@contextlib.contextmanager
def _table(out: Path) -> Iterator:
    """A ``csv.writer`` whose file appears whole or not at all; raises ``DatasetError``."""
    try:
        with file_written_aside(out) as aside, open(aside, "w", newline="", encoding="utf-8") as file:
            yield csv.writer(file)
    except OSError as error:
        raise DatasetError(f"{out}: cannot be written ({error.strerror or error})") from None


def _write(out: Path, answered: Answers, matched: Match) -> None:
    """A CSV row an image: where it stands in the split, its label and the first two answers."""
    names = matched.alphabet
    with _table(out) as rows:
        rows.writerow(("index", "label", "predicted", "probability", "second", "second_probability"))
        for position, label, two, shares in zip(
            matched.positions, matched.labels, answered.first_two, answered.probabilities, strict=True
        ):
            pairs = [
                field for i, share in zip(two, shares, strict=True) for field in (names[i], round(float(share), 6))
            ]
            rows.writerow((position, names[label], *pairs, *("", "")[: 4 - len(pairs)]))


def _write_confusion(out: Path, confusion: np.ndarray, alphabet: Alphabet) -> None:
    """A CSV row and column a class that has images or was answered, of int64 (classes, classes)."""
    kept = np.flatnonzero(confusion.any(axis=0) | confusion.any(axis=1))
    with _table(out) as rows:
        rows.writerow(("label", *(alphabet[i] for i in kept)))
        for i in kept:
            rows.writerow((alphabet[i], *confusion[i, kept].tolist()))


def _print(about: dict, measured: Report) -> None:
    figures = measured.figures
    say(f"model       {about['model']}")
    say(f"data        {about['data']}, {about['split']}: {figures['images']:,} images")
    if about["restricted_to"]:
        say(f"answers     restricted to {about['restricted_to']}")
    if about["unknown_images"]:
        unknown = " ".join(about["unknown_classes"])
        say(f"unknown     {about['unknown_images']:,} images count as wrong, of classes the model lacks: {unknown}")
    say(f"accuracy    {figures['accuracy']:.2%}")
    say(f"first two   {figures['top2']:.2%} have the right one among the first two answers")
    say(f"folded      {figures['folded']:.2%} with capitals and small letters counted as the same")
    say(f"shape       {figures['shape']:.2%} with what looks alike (0 O o, 1 I l, ...) counted as the same, too")
    say(f"loss        {figures['loss']:.4f}")
    say(f"calibration {about['calibration_error']:.2%} off: how far what it claims is from what is right")
    print()
    wide = max(len("weighted"), *(len(row.label) for row in measured.per_class))
    header = f"{'images':>8} {'right':>8} {'accuracy':>9} {'precision':>9} {'recall':>9} {'F1':>9}"
    say(f"{'class':<{wide}} {header}  mistaken for")
    for row in measured.per_class:
        say(_row(row, wide))
    for kind, means in measured.averages.items():
        shares = " ".join(f"{share:>9.2%}" for share in means.values())
        say(f"{kind:<{wide}} {'':>8} {'':>8} {'':>9} {shares}")


def _row(row: ClassFigures, wide: int) -> str:
    shares = " ".join(f"{share:>9.2%}" for share in (row.accuracy, row.precision, row.recall, row.f1))
    mistaken = [f"{label}:{count}" for label, count in row.mistaken_for.items()]
    more = ["…"] if len(mistaken) > _MISTAKEN else []
    line = f"{row.label:<{wide}} {row.images:>8,} {row.right:>8,} {shares}  {' '.join(mistaken[:_MISTAKEN] + more)}"
    return line.rstrip()
