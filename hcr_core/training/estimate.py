"""How long a run will take, before it starts, and how fast it is."""

import os
from collections import deque
from dataclasses import dataclass
from statistics import median

from hcr_core.preprocessing import GLYPH_SIZE
from hcr_core.training.architectures import ARCHITECTURES, layer_figures
from hcr_core.training.config import TrainingConfig
from hcr_core.training.job import Run, runs

#: Multiplications a second that one core trains with, counting a backward pass as two forward ones: those of
#: az-cnn in benchmarks/documents.md, on two cores.
_RATE = 5.6e10
#: Seconds that a step costs whatever its size: what is left of mlp-256's there.
_STEP = 0.0015
#: Seconds that varying an image costs, shared by two threads (0.15 to 0.2 ms each).
_VARIED = 1e-4
#: Seconds until the first step and from the last one to the finished model: compact's, by the same command.
_AROUND = 9.0
#: Seconds of every pass besides its steps, to validate, to keep and to tell: 200 passes over 100 images took 46 s more
#: than their steps.
_PASS = 0.23
#: Earlier runs that are asked for their speed: one of them may have shared the machine.
_ASKED = 5
#: Seconds whose speed is told: of a quarter of one it jumps about.
_LATELY = 5.0


@dataclass(frozen=True)
class Estimate:
    """Seconds a run will take, and whether that was measured on this machine or only calculated."""

    seconds: float
    measured: bool


def expected(config: TrainingConfig, samples: int, classes: int) -> Estimate:
    """The time for ``samples`` training images of ``classes`` classes.

    By the images a second of the latest runs here of the same network, precision, augmentation and
    batch, else by the network's multiplications.
    """
    shown = samples * config.recipe.epochs
    around = _AROUND + _PASS * config.recipe.epochs
    if rates := [rate for run in _like(config) if (rate := run.images_per_second())]:
        return Estimate(around + shown / median(rates), True)
    # Of a network that is not ours to describe, an adaptation's, only that it reads as many classes is known.
    figures = layer_figures(ARCHITECTURES.get(config.architecture, ARCHITECTURES["compact"]), GLYPH_SIZE, classes)
    work = 3 * sum(layer.multiplications for layer in figures)
    each = work / (_RATE * min(os.cpu_count() or 1, 8)) + _STEP / config.recipe.batch
    if config.recipe.augment != "none":
        each += _VARIED
    return Estimate(around + shown * each, False)


class Pace:
    """Images a second over the last seconds."""

    def __init__(self):
        self._recent: deque[tuple[int, float]] | None = None

    def add(self, images: int, seconds: float) -> float:
        """The speed, with so many images more; 0 after the first ones, whose step had to be compiled."""
        if self._recent is None:
            self._recent = deque()
            return 0.0
        self._recent.append((images, seconds))
        while sum(seconds for _, seconds in self._recent) - self._recent[0][1] >= _LATELY:
            self._recent.popleft()
        images, seconds = map(sum, zip(*self._recent, strict=True))
        return images / max(seconds, 1e-6)


def _like(config: TrainingConfig) -> list[Run]:
    """The latest runs whose steps cost what this one's will."""

    def cost(other: TrainingConfig) -> tuple:
        return other.architecture, other.precision, other.recipe.augment, other.recipe.batch

    return [run for run in runs() if cost(run.config) == cost(config)][:_ASKED]
