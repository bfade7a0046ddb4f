"""What a run says while it works: ``events.jsonl``, one JSON object a line.

Every event has ``event`` (its kind) and ``time`` (seconds since 1970). Steps and epochs count from 1.

``state``
    ``state``, and by it: ``reason`` (``failed``: a sentence), ``behind`` (``waiting``: the id of the
    run it waits for), ``epoch`` and ``step`` (``stopped``: where).
``start``
    Once per process: ``classes`` (labels), ``samples`` and ``validation`` (how many), ``parameters``,
    ``epochs``, ``steps`` (of an epoch), ``batch``, ``workers``, ``epoch`` and ``step`` (the next to
    come: what was said of later ones is forgotten), ``gallery``: up to 16 validation samples as
    ``{"image": base64 of 784 bytes, "label": class}``.
``batch``
    One to four times a second: ``epoch``, ``step``, ``loss`` and ``accuracy`` (means since the last
    such event), ``images_per_second`` (of the last seconds, 0 before it is known), ``seconds_left``
    (of the whole run), ``learning_rate``.
``peek``
    Every half a second to three seconds, what the network of the moment makes of: ``gallery``
    (``[class, probability]`` each), ``drawings`` (key to the probabilities of all classes), and a
    fixed sample of the validation images: ``confusion`` (``[truth, answer, count]``, counts above 0
    only), with ``epoch`` and ``step``.
``epoch``
    ``epoch``, ``of``, ``seconds``, ``loss``, ``accuracy``, ``val_loss``, ``val_accuracy``,
    ``images_per_second``, ``learning_rate``, ``best`` (whether it is the best so far), ``confusion``
    over all validation images, and ``gallery`` and ``drawings`` as in ``peek``.
``end``
    After the finished model lies in the run's folder: ``card``, ``model`` (the name in the store, or
    ``""``) and ``summary``: ``epochs``, ``best_epoch``, ``seconds`` (of training), ``images_per_second``,
    and the best epoch's ``loss``, ``accuracy``, ``val_loss``, ``val_accuracy``.

Classes are positions in ``start``'s ``classes``. ``loss`` and ``accuracy`` are of the training
samples as the network was fed them (varied, with dropout).
"""

import json
import time

import numpy as np

from hcr_core.atomic import replace_file
from hcr_core.training.job import EVENTS, STATE, Run

#: Kept free for the last words of a run that fills the disk.
_RESERVE = 64 * 1024


class EventLog:
    """Appends events to a run's log."""

    def __init__(self, run: Run):
        self._run, self._ticket = run, run.ticket
        self._reserve = run.folder / "reserve"
        self._reserve.write_bytes(bytes(_RESERVE))
        self._file = open(run.folder / EVENTS, "ab")  # noqa: SIM115 - open for the run
        if self._file.tell():
            self._file.write(b"\n")  # ends a line that a power cut left

    def write(self, event: str, **fields) -> dict:
        """Append an event; returns it."""
        record = {"event": event, "time": round(time.time(), 3)} | fields
        self._file.write(json.dumps(record).encode() + b"\n")
        self._file.flush()
        return record

    def state(self, state: str, **fields) -> None:
        """Say what the run is doing, in the log and for ``Run.state``."""
        record = self.write("state", state=state, **fields) | {"ticket": self._ticket}
        replace_file(self._run.folder / STATE, json.dumps(record).encode())

    def last_words(self, state: str, **fields) -> None:
        """``state`` for the end of a process, where the disk may be full."""
        self._reserve.unlink(missing_ok=True)
        self.state(state, **fields)


def counted(truths: np.ndarray, answers: np.ndarray, classes: int) -> list[list[int]]:
    """A confusion matrix as its counts above 0: ``[truth, answer, count]`` each, of int (n,) and (n,)."""
    pairs, counts = np.unique(np.asarray(truths) * classes + answers, return_counts=True)
    return [[int(pair) // classes, int(pair) % classes, int(count)] for pair, count in zip(pairs, counts, strict=True)]


def confusion(counts: list[list[int]], classes: int) -> np.ndarray:
    """The confusion matrix, int64 (classes, classes): truths in rows, answers in columns."""
    matrix = np.zeros((classes, classes), np.int64)
    for truth, answer, count in counts:
        matrix[truth, answer] = count
    return matrix
