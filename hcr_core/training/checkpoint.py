"""Where a run can be taken up again: one file, replaced whole."""

import io
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from hcr_core.atomic import replace_file
from hcr_core.datasets.readers.archive import ARRAY_DAMAGE
from hcr_core.training.config import TrainingError


@dataclass
class Position:
    """How far a run has come.

    Attributes:
        epoch: The epoch at work, from 1.
        step: Its steps done.
        loss: Sum of the losses of its samples so far; ``right`` and ``seen`` likewise.
        seconds: Time spent on this epoch, in seconds, pauses left out; ``total`` on the whole run.
        history: The ``epoch`` events so far, without their long fields.
        best: Number of the best epoch (0: none yet).
        fingerprint: Of the data.
    """

    epoch: int = 1
    step: int = 0
    loss: float = 0.0
    right: int = 0
    seen: int = 0
    seconds: float = 0.0
    total: float = 0.0
    history: list[dict] = field(default_factory=list)
    best: int = 0
    fingerprint: int = 0

    def next_epoch(self) -> None:
        """Begin the following epoch."""
        self.epoch, self.step, self.loss, self.right, self.seen, self.seconds = self.epoch + 1, 0, 0.0, 0, 0, 0.0


def write(path: Path, position: Position, arrays: dict[str, np.ndarray]) -> None:
    """Write a checkpoint whole or not at all."""
    buffer = io.BytesIO()
    np.savez(buffer, position=np.array(json.dumps(asdict(position))), **arrays)
    replace_file(path, buffer.getvalue())


def read(path: Path) -> tuple[Position, dict[str, np.ndarray]]:
    """What ``write`` wrote; raises ``TrainingError`` if it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        return Position(**json.loads(str(arrays.pop("position")))), arrays
    except ARRAY_DAMAGE as error:
        reason = " ".join(str(error).split())[:200]
        raise TrainingError(f"the checkpoint of run {path.parent.name} is damaged: {reason}") from None
