"""What there is to see of a run while it learns, folded from its events.

Streamlit and Keras are not needed here: a page, a command or a notebook can watch the same way.
"""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from hcr_core.preprocessing import GLYPH_SIZE
from hcr_core.training.event_check import is_whole
from hcr_core.training.events import confusion
from hcr_core.training.job import Run

#: Points of a curve over the whole run: as many as a screen shows apart.
BINS = 300
#: Drawings whose history is kept: more than are read at once.
_KEPT_DRAWINGS = 32


class Trace:
    """A curve over the epochs, at most ``BINS`` points: the mean of what came in each stretch of the run.

    The stretches are fixed from the start, so what has been drawn never changes its shape.
    """

    def __init__(self, epochs: float):
        self._width = max(epochs, 1e-9) / BINS
        self._bins: dict[int, tuple[int, np.ndarray, float]] = {}

    def add(self, x: float, *values: float) -> None:
        """Values at ``x`` epochs."""
        place = min(int(x / self._width), BINS - 1)
        count, sums, _ = self._bins.get(place, (0, np.zeros(1 + len(values)), x))
        self._bins[place] = (count + 1, sums + np.array([x, *values]), x)

    def forget(self, x: float) -> None:
        """Drop what was said after ``x`` epochs."""
        self._bins = {place: entry for place, entry in self._bins.items() if entry[2] <= x}

    def points(self) -> np.ndarray:
        """float64 (points, 1 + values): x and the values, in order; without columns before the first."""
        return np.array([sums / count for _, (count, sums, _) in sorted(self._bins.items())])


@dataclass(frozen=True)
class Reading:
    """What the network of a moment made of a drawing: at ``x`` epochs, float (classes,)."""

    x: float
    probabilities: np.ndarray


class Progress:
    """The latest of everything a run said.

    Attributes:
        start: The last ``start`` event, ``{}`` before; its ``classes`` name all classes below.
        state: The last ``state`` event.
        batch: The last ``batch`` event, ``{}`` before.
        history: The ``epoch`` events, without what is below.
        training: Loss and accuracy of the training batches.
        sampled: Accuracy on the fixed sample of validation images, between the epochs.
        confusion: int64 (classes, classes), truths in rows, answers in columns, or ``None``.
        whole: Whether ``confusion`` is of all validation images, not of the fixed sample.
        gallery: Answers to the images of ``start["gallery"]``: ``[class, probability]`` each.
        drawings: What was made of each visitor's drawing, by key, in order of time.
        end: The ``end`` event, or ``None``; with it ``confusion`` and ``gallery`` are the best epoch's, like the model.
    """

    def __init__(self):
        self.start: dict = {}
        self.state: dict = {}
        self._reset(0, 0.0)

    def _reset(self, epochs: int, x: float) -> None:
        """Forget what was said after ``x`` epochs; all of it where the run has another length."""
        if not x or not self.start:
            self.training, self.sampled = Trace(epochs), Trace(epochs)
            self.history: list[dict] = []
            self.drawings: dict[str, list[Reading]] = {}
            self.confusion: np.ndarray | None = None
            self.whole = False
            self.gallery: list[list[float]] = []
            self._best_look: tuple[np.ndarray, list[list[float]]] | None = None
        self.training.forget(x)
        self.sampled.forget(x)
        self.history = [epoch for epoch in self.history if epoch["epoch"] <= x]
        self.drawings = {key: [r for r in readings if r.x <= x] for key, readings in self.drawings.items()}
        self.batch: dict = {}
        self.end: dict | None = None

    @property
    def classes(self) -> list[str]:
        return self.start.get("classes", [])

    @property
    def x(self) -> float:
        """How far it is, in epochs."""
        done = self.history[-1]["epoch"] if self.history else 0
        return max(done, self._place(self.batch)) if self.batch else float(done)

    @property
    def best(self) -> dict:
        """The best epoch so far, ``{}`` before the first."""
        return next((epoch for epoch in reversed(self.history) if epoch.get("best")), {})

    @property
    def seconds(self) -> float:
        """Time of training up to the last epoch that is complete."""
        return sum(epoch["seconds"] for epoch in self.history)

    def gallery_images(self) -> np.ndarray:
        """The validation images that the visitor sees, uint8 (n, 28, 28)."""
        images = [base64.b64decode(entry["image"]) for entry in self.start.get("gallery", [])]
        return np.frombuffer(b"".join(images), np.uint8).reshape(-1, GLYPH_SIZE, GLYPH_SIZE)

    def fold(self, events: list[dict]) -> None:
        """Take note of further events, in their order; what is no whole event is passed over."""
        for event in events:
            if is_whole(event, len(self.classes)):
                take = getattr(self, f"_take_{event['event']}", None)
                if take is not None:
                    take(event)

    def _place(self, event: dict) -> float:
        return event["epoch"] - 1 + event["step"] / max(self.start.get("steps", 1), 1)

    def _take_state(self, event: dict) -> None:
        self.state = event

    def _take_start(self, event: dict) -> None:
        x = event["epoch"] - 1 + (event["step"] - 1) / max(event["steps"], 1)
        self._reset(event["epochs"], x if event["epochs"] == self.start.get("epochs") else 0.0)
        self.start = event

    def _take_batch(self, event: dict) -> None:
        self.batch = event
        self.training.add(self._place(event), event["loss"], event["accuracy"])

    def _take_peek(self, event: dict) -> None:
        self._look(event, self._place(event))
        self.whole = False
        self.sampled.add(self._place(event), float(np.trace(self.confusion) / max(self.confusion.sum(), 1)))

    def _take_epoch(self, event: dict) -> None:
        self._look(event, float(event["epoch"]))
        self.whole = True
        self.sampled.add(float(event["epoch"]), event["val_accuracy"])
        if event.get("best"):
            self._best_look = self.confusion, self.gallery
        self.history.append({key: event[key] for key in event if key not in ("confusion", "gallery", "drawings")})

    def _take_end(self, event: dict) -> None:
        self.end = event
        if self._best_look:
            self.confusion, self.gallery = self._best_look
            self.whole = True

    def _look(self, event: dict, x: float) -> None:
        self.confusion = confusion(event["confusion"], len(self.classes))
        self.gallery = event.get("gallery") or self.gallery
        for key, probabilities in event.get("drawings", {}).items():
            self.drawings.setdefault(key, []).append(Reading(x, np.array(probabilities)))
            while len(self.drawings) > _KEPT_DRAWINGS:
                self.drawings.pop(next(iter(self.drawings)))


class Watch:
    """A run's progress as it goes on; only what is new is read. May be shared by threads."""

    def __init__(self, run: Run):
        self.run = run
        self._offset = 0
        self._progress = Progress()
        self._lock = threading.Lock()

    @contextmanager
    def latest(self) -> Iterator[Progress]:
        """The progress up to now, which nobody changes meanwhile."""
        with self._lock:
            events, self._offset = self.run.events(self._offset)
            self._progress.fold(events)
            yield self._progress


def class_accuracy(matrix: np.ndarray) -> np.ndarray:
    """Share of each class that was answered right, float64 (classes,), NaN where there was none of it."""
    counts = matrix.sum(axis=1)
    return np.divide(np.diagonal(matrix), counts, out=np.full(len(matrix), np.nan), where=counts > 0)


def frequent_confusions(matrix: np.ndarray, most: int) -> list[tuple[int, int, int]]:
    """Truth, answer and count of the most frequent wrong answers, at most ``most``, the most frequent first."""
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = [divmod(int(place), len(matrix)) for place in order]
    return [(truth, answer, int(wrong[truth, answer])) for truth, answer in pairs if wrong[truth, answer]]


def guesses(readings: list[Reading]) -> list[Reading]:
    """A drawing's history, thinned to at most ``BINS`` moments; the first and the last stay."""
    if len(readings) <= BINS:
        return readings
    return [readings[i] for i in np.linspace(0, len(readings) - 1, BINS).round().astype(int)]
