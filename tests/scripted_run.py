"""A run as its process would leave it at any moment, written without training anything."""

import base64
import json
import threading
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from filelock import FileLock

from hcr_core.datasets import load
from hcr_core.training.config import TrainingConfig
from hcr_core.training.events import counted
from hcr_core.training.job import ALIVE, CHECKPOINT, CONFIG, EVENTS, STATE, TICKET, Run

CLASSES = list("0123456789")
STEPS, VALIDATION = 20, 200
#: When scripted runs begin, in seconds since 1970.
BEGIN = 1_700_000_000.0


class Script:
    """Writes a run's files: ``Script(folder).start().epochs(3).state("stopped", epoch=3, step=20)``."""

    def __init__(self, folder: Path, *, epochs: int = 4, name: str = "", **changes):
        folder.mkdir(parents=True)
        self.run = Run(folder)
        self.of, self.at, self.clock = epochs, 0, BEGIN
        config = TrainingConfig.of(name or folder.name, ("digits",), "mlp-256", changes={"epochs": epochs}, **changes)
        config.write(folder / CONFIG)
        (folder / TICKET).write_text(repr(BEGIN))

    def write(self, event: str, **fields) -> "Script":
        self.clock += 1
        record = {"event": event, "time": self.clock} | fields
        with open(self.run.folder / EVENTS, "a", encoding="utf-8") as log:
            log.write(json.dumps(record) + "\n")
        if event == "state":
            (self.run.folder / STATE).write_text(json.dumps(record))
        return self

    def state(self, state: str, **fields) -> "Script":
        return self.write("state", state=state, **fields)

    def start(self, epoch: int = 1, step: int = 1, classes: Sequence[str] = CLASSES) -> "Script":
        images = load("digits").images[:16]
        labels = load("digits").labels[:16]
        self.at = epoch - 1
        return self.write(
            "start",
            classes=list(classes),
            samples=1294,
            validation=VALIDATION,
            parameters=269_322,
            epochs=self.of,
            steps=STEPS,
            batch=64,
            workers=1,
            epoch=epoch,
            step=step,
            gallery=[
                {"image": base64.b64encode(image.tobytes()).decode(), "label": int(label)}
                for image, label in zip(images, labels, strict=True)
            ],
        )

    def batch(self, epoch: int, step: int, accuracy: float = 0.5) -> "Script":
        return self.write(
            "batch",
            epoch=epoch,
            step=step,
            loss=round(2.3 * (1 - accuracy) + 0.02, 4),
            accuracy=accuracy,
            images_per_second=4321,
            seconds_left=42.0,
            learning_rate=1e-3,
        )

    def looks(self, accuracy: float, drawings: dict[str, int] | None = None, images: int = 100) -> dict:
        """``gallery``, ``drawings`` (all of them taken for a class) and ``confusion`` at an accuracy."""
        truths = np.arange(images) % len(CLASSES)
        wrong = np.arange(images) >= accuracy * images
        labels = load("digits").labels[:16]
        right = np.arange(16) < accuracy * 16
        answers = {key: [0.91 if c == said else 0.01 for c in range(10)] for key, said in (drawings or {}).items()}
        return {
            "confusion": counted(truths, np.where(wrong, (truths + 1) % len(CLASSES), truths), len(CLASSES)),
            "gallery": [[int(label if ok else (label + 1) % 10), 0.8] for label, ok in zip(labels, right, strict=True)],
            "drawings": answers,
        }

    def peek(self, epoch: int, step: int, accuracy: float, drawings: dict[str, int] | None = None) -> "Script":
        return self.write("peek", epoch=epoch, step=step, **self.looks(accuracy, drawings))

    def epochs(self, count: int, drawings: dict[str, int] | None = None, *, best: bool = True) -> "Script":
        """Whole epochs, each better than the last one; or each much worse, if they are not to be the ``best``."""
        for epoch in range(self.at + 1, self.at + count + 1):
            accuracy = round((1 if best else 0.5) * (1 - 0.6 / epoch**1.5), 3)
            for step in (STEPS // 2, STEPS):
                self.batch(epoch, step, accuracy - 0.05)
            self.peek(epoch, STEPS // 2, accuracy - 0.02, drawings)
            figures = {
                "seconds": 2.5,
                "loss": round(1 - accuracy, 4),
                "accuracy": accuracy,
                "val_loss": round(1.1 * (1 - accuracy), 4),
                "val_accuracy": accuracy,
                "images_per_second": 4321,
                "learning_rate": 1e-3,
            }
            looks = self.looks(accuracy, drawings, VALIDATION)
            self.write("epoch", epoch=epoch, of=self.of, best=best, **figures, **looks)
            if best:
                self.last, self.best = figures, epoch
        self.at += count
        return self

    def end(self) -> "Script":
        summary = {key: self.last[key] for key in ("loss", "accuracy", "val_loss", "val_accuracy", "images_per_second")}
        summary |= {"epochs": self.at, "best_epoch": self.best, "seconds": 10.0}
        return self.write("end", model="", summary=summary, card={}).state("finished")

    def checkpoint(self) -> "Script":
        (self.run.folder / CHECKPOINT).write_bytes(b"")
        return self

    @contextmanager
    def alive(self):
        """As if a process worked on it: holds its lock, in a thread of its own as another process would."""
        held, done = threading.Event(), threading.Event()

        def hold():
            with FileLock(self.run.folder / ALIVE):
                held.set()
                done.wait()

        thread = threading.Thread(target=hold, daemon=True)
        thread.start()
        held.wait()
        try:
            yield self.run
        finally:
            done.set()
            thread.join()
