"""What models answered to data sets, kept on disk: read once, there at once the next day.

A result is found again by the model's checksum and the images' fingerprint, so that a model trained
anew or a data set imported anew is read anew. The folder may be deleted at any time.
"""

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from hcr_core.atomic import file_written_aside
from hcr_core.calibration import expected_calibration_error
from hcr_core.datasets import Dataset
from hcr_core.datasets.places import evaluations_folder
from hcr_core.datasets.readers.archive import ARRAY_DAMAGE
from hcr_core.evaluation import Answers, Report, answers, glyphs_of, report
from hcr_core.matching import Match, match
from hcr_core.preprocessing import INK_VERSION, VERSION
from hcr_core.recognition import Recognizer

#: Of the files' layout; another version is computed anew.
_LAYOUT = 1
#: Files kept at most: 16 bytes an image each.
_MOST = 400
#: Images that a data set is recognized by, besides its labels.
_PROBED = 256
#: Characters that a model is timed with, one at a time.
_TIMED = 40


@dataclass(frozen=True)
class Evaluation:
    """What a model answered to a data set, and everything that follows from it.

    Attributes:
        match: Which images it read, and which classes it could answer.
        answered: Its answers.
        seconds: Median time of a single character.
    """

    match: Match
    answered: Answers
    seconds: float

    @property
    def predicted(self) -> np.ndarray:
        """First answers, int64 (n,): positions in ``match.alphabet``."""
        return self.answered.first_two[:, 0]

    @property
    def probability(self) -> np.ndarray:
        """Of each first answer, float (n,)."""
        return self.answered.probabilities[:, 0]

    @cached_property
    def right(self) -> np.ndarray:
        """Whether each first answer is, bool (n,)."""
        return self.predicted == self.match.labels

    @cached_property
    def report(self) -> Report:
        """The classification report."""
        return report(self.answered, self.match)

    @cached_property
    def calibration_error(self) -> float:
        """``calibration.expected_calibration_error``, 0-1."""
        return expected_calibration_error(self.probability, self.right)


def fingerprint(dataset: Dataset) -> str:
    """What a data set, or a part of one, is recognized by: its labels, and images spread over it."""
    probed = np.unique(np.linspace(0, len(dataset) - 1, _PROBED).astype(int))
    found = hashlib.sha256(json.dumps([dataset.name, dataset.images.shape, list(dataset.alphabet)]).encode())
    found.update(np.ascontiguousarray(dataset.labels))
    found.update(np.ascontiguousarray(dataset.images[probed]))
    return found.hexdigest()


def result_key(recognizer: Recognizer, dataset_fingerprint: str, *question) -> str:
    """The name a result is kept under: who answered what, by which code."""
    checksum = recognizer.card["files"]["model.tflite"]
    text = json.dumps([_LAYOUT, VERSION, INK_VERSION, checksum, dataset_fingerprint, *question])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def evaluated(
    recognizer: Recognizer,
    dataset: Dataset,
    kind: str = "all",
    *,
    all_classes: bool = False,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Evaluation:
    """Have a model read a data set, or remember what it answered; see ``matching.match`` for the choices.

    Raises ``DatasetError`` where there is nothing to read.
    """
    matched = match(recognizer.alphabet, dataset, kind, all_classes=all_classes)
    key = result_key(recognizer, fingerprint(dataset), kind, all_classes)
    kept = load_result(key)
    # A file of another length is damaged, whatever its checks say.
    if kept is not None and len(kept.get("truth", ())) == len(matched.labels):
        answered = Answers(kept["first_two"].astype(np.int64), kept["probabilities"], kept["truth"])
        return Evaluation(matched, answered, float(kept["seconds"]))
    found = answers(recognizer.classify, dataset, matched, progress)
    answered = Answers(found.first_two, found.probabilities.astype(np.float32), found.truth.astype(np.float32))
    seconds = time_per_character(recognizer.classify, glyphs_of(dataset, matched.positions[:_TIMED]))
    save_result(
        key,
        first_two=answered.first_two.astype(np.int32),
        probabilities=answered.probabilities,
        truth=answered.truth,
        seconds=np.float64(seconds),
    )
    return Evaluation(matched, answered, seconds)


def time_per_character(classify: Callable[[np.ndarray], np.ndarray], glyphs: np.ndarray) -> float:
    """Median seconds of one of ``glyphs``, uint8 (n, 28, 28), each classified by itself."""
    classify(glyphs[:1])  # the first call prepares the network for a single image
    seconds = []
    for i in range(len(glyphs)):
        start = time.perf_counter()
        classify(glyphs[i : i + 1])
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def load_result(key: str) -> dict[str, np.ndarray] | None:
    """The arrays kept under a key; ``None`` where there are none, or damaged ones."""
    path = _path(key)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            result = {name: arrays[name] for name in arrays.files}
        path.touch()  # the file used last is dropped last
    except ARRAY_DAMAGE:
        return None
    return result


def save_result(key: str, **arrays: np.ndarray) -> None:
    """Keep arrays under a key, whole or not at all. What cannot be written is computed again another day."""
    with suppress(OSError):
        with file_written_aside(_path(key)) as aside, open(aside, "wb") as file:
            np.savez_compressed(file, **arrays)
        for old in sorted(evaluations_folder().glob("*.npz"), key=lambda path: -path.stat().st_mtime)[_MOST:]:
            old.unlink(missing_ok=True)


def _path(key: str) -> Path:
    return evaluations_folder() / f"{key}.npz"
