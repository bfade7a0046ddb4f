"""The process that works on a run: ``python -m hcr_core.training.worker FOLDER [--finish]``.

It waits for its turn, trains, answers the user's wishes, and ends with a model in the run's folder
or with a sentence why not. See ``job`` for the run as seen from outside and ``events`` for what
it says.
"""

import contextlib
import errno
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from hcr_core.alphabet import AlphabetError
from hcr_core.datasets import DatasetError
from hcr_core.training.config import TrainingError
from hcr_core.training.events import EventLog
from hcr_core.training.job import ALIVE, CONTROL, Run, ahead_of


class Wishes:
    """What the user wants: the run's ``control`` file, looked at ten times a second, and SIGTERM."""

    def __init__(self, run: Run):
        self._path = run.folder / CONTROL
        self._looked = 0.0
        self._wish = "run"
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: run.ask("stop"))

    def now(self) -> str:
        """``"run"``, ``"pause"`` or ``"stop"``."""
        if time.monotonic() - self._looked > 0.1:
            self._looked = time.monotonic()
            with contextlib.suppress(OSError):
                self._wish = self._path.read_text()
        return self._wish


def reason(error: BaseException) -> str:
    """Why a run failed, in a sentence for the user."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full: make room and resume"
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "there was not enough memory: try a smaller batch or fewer samples"
    if isinstance(error, (TrainingError, DatasetError, AlphabetError)):
        return str(error)
    return f"something unforeseen happened ({type(error).__name__}: {error})"


def _waited(run: Run, log: EventLog, wish: Callable[[], str]) -> bool:
    """Wait until no older run is at work; ``False`` if the user did not want to."""
    behind = None
    while (other := ahead_of(run)) is not None:
        if other.id != behind:
            behind = other.id
            log.state("waiting", behind=behind)
        if wish() == "stop":
            log.state("stopped", epoch=1, step=0)
            return False
        time.sleep(0.5)
    return True


def work(run: Run, finish_only: bool) -> int:
    """Work on a run to its end; returns the exit status."""
    log = EventLog(run)
    try:
        wishes = Wishes(run)
        if _waited(run, log, wishes.now):
            log.state("preparing")
            # Imported only now: TensorFlow takes seconds, in which the run can already be seen waiting.
            from hcr_core.training.session import Training

            training = Training(run, log, wishes.now)
            if finish_only or training.train():
                training.finish()
    except BaseException as error:
        traceback.print_exc()
        log.last_words("failed", reason=reason(error))
        return 1
    return 0


def main(arguments: list[str]) -> int:
    """Work on the run whose folder is the first argument."""
    run = Run(Path(arguments[0]))
    with FileLock(run.folder / ALIVE, timeout=10):
        return work(run, "--finish" in arguments[1:])


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.exit(main(sys.argv[1:]))
