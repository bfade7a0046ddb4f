"""Images a second that a run trains with, beside a bare ``model.fit`` of the same network on the same images.

Run: ``HCR_DATA_DIR=... python -m benchmarks.training_speed [ARCHITECTURE ...]``. Both take turns, each in a
process of its own without augmentation; medians of three turns, first epochs left out.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from hcr_core.training import job
from hcr_core.training.architectures import ARCHITECTURES
from hcr_core.training.config import TrainingConfig

_TURNS, _EPOCHS, _IMAGES = 3, 3, 20_000

_FIT = """
import sys, time, keras, numpy as np
from hcr_core.datasets import load
from hcr_core.training.networks import build
name, images, epochs, batch = sys.argv[1], *map(int, sys.argv[2:])
data = load("mnist", "train")
x = np.asarray(data.images[:images], np.float32)[..., None]
y = keras.utils.to_categorical(data.labels[:images], 10)
model = build(name, 28, 10)
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
class Clock(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None): self.started = time.perf_counter()
    def on_epoch_end(self, epoch, logs=None): print(images / (time.perf_counter() - self.started))
model.fit(x, y, batch_size=batch, epochs=epochs, verbose=0, callbacks=[Clock()])
"""


def _fit(name: str) -> list[float]:
    """Images a second of each epoch of a bare fit."""
    batch = ARCHITECTURES[name].recipe.batch
    arguments = [sys.executable, "-c", _FIT, name, *map(str, (_IMAGES, _EPOCHS, batch))]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    return [float(line) for line in done.stdout.split()]


def _run(name: str, folder: Path) -> tuple[list[float], float]:
    """Images a second of each epoch of a run, and the seconds it took besides."""
    changes = {"epochs": _EPOCHS, "augment": "none", "balance": 0.0, "early_stopping": 0}
    config = TrainingConfig.of("speed", ("mnist",), name, changes=changes, limit=_IMAGES)
    started = time.monotonic()
    run = job.start(config, folder)
    while run.state() not in job.ENDED:
        time.sleep(0.2)
    epochs = [event for event in run.events()[0] if event["event"] == "epoch"]
    around = time.monotonic() - started - sum(event["seconds"] for event in epochs)
    return [event["images_per_second"] for event in epochs], around


def main() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print(f"{'network':<14} {'model.fit':>9} {'run':>9} {'ratio':>6}   around a run")
    for name in sys.argv[1:] or ARCHITECTURES:
        fits, runs, around = [], [], []
        with tempfile.TemporaryDirectory() as folder:
            for turn in range(_TURNS):
                fits += _fit(name)[1:]
                speeds, seconds = _run(name, Path(folder) / str(turn))
                runs, around = runs + speeds[1:], [*around, seconds]
        fit, run = median(fits), median(runs)
        print(f"{name:<14} {fit:9,.0f} {run:9,.0f} {run / fit:6.2f}   {median(around):.1f} s", flush=True)


if __name__ == "__main__":
    main()
