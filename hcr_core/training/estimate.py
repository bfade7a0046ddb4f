"""How long a run will take, before it starts."""

import os
from dataclasses import dataclass

from hcr_core.preprocessing import GLYPH_SIZE
from hcr_core.training.architectures import ARCHITECTURES, layer_figures
from hcr_core.training.config import TrainingConfig
from hcr_core.training.job import runs

#: Multiplications a second that one core trains with, counting a backward pass as two forward ones.
#: From `python -m benchmarks.training_speed` on two cores of a server.
_RATE = 2.5e10
#: Seconds that a step costs whatever its size, from the same command.
_STEP = 0.001
#: Seconds until the first step, and from the last one to the finished model, from the same command.
_AROUND = 12.0


@dataclass(frozen=True)
class Estimate:
    """Seconds a run will take, and whether that was measured on this machine or only calculated."""

    seconds: float
    measured: bool


def expected(config: TrainingConfig, samples: int, classes: int) -> Estimate:
    """The time for ``samples`` training images of ``classes`` classes.

    By the images a second of the latest run here of the same network, precision and augmentation,
    else by the network's multiplications.
    """
    shown = samples * config.recipe.epochs
    for run in runs():
        other = run.config
        rate = run.images_per_second()
        alike = (config.architecture, config.precision, config.recipe.augment, config.recipe.batch)
        if rate and alike == (other.architecture, other.precision, other.recipe.augment, other.recipe.batch):
            return Estimate(_AROUND + shown / rate, True)
    figures = layer_figures(ARCHITECTURES[config.architecture], GLYPH_SIZE, classes)
    work = 3 * sum(layer.multiplications for layer in figures)
    each = work / (_RATE * min(os.cpu_count() or 1, 8)) + _STEP / config.recipe.batch
    return Estimate(_AROUND + shown * each, False)
