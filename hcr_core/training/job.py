"""A training run as seen from outside: start it, watch it, pause, stop and resume it.

A run is a folder, and a process that works on it: whoever can read the folder can watch. Nothing
here imports TensorFlow. The folder holds

- ``config.json``: what was asked for;
- ``events.jsonl``: what happened, one JSON object a line (see ``events``);
- ``state.json``: what the process last said it was doing;
- ``checkpoint.npz``: where to go on;
- ``control``: what the user wants it to do;
- ``drawings/``: characters that the network of the moment reads while it learns;
- ``model/``: the finished model, as in the store;
- ``worker.log``: what the process printed;
- ``alive``: locked by the process for as long as it lives, however it ends.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from platformdirs import user_data_path

from hcr_core.atomic import FOLDER_NAME, remove_folder, replace_file
from hcr_core.model_store import CARD, check_own_name, open_folder, save_model, user_store
from hcr_core.public import refuse_in_public
from hcr_core.training.config import TrainingConfig, TrainingError
from hcr_core.training.event_check import is_number

EVENTS, CONTROL, CHECKPOINT, ALIVE, CONFIG = "events.jsonl", "control", "checkpoint.npz", "alive", "config.json"
DRAWINGS, MODEL, TICKET, STATE = "drawings", "model", "ticket", "state.json"

#: States in which nothing happens any more.
ENDED = ("finished", "stopped", "failed", "interrupted")
#: All states that a process says.
STATES = ("waiting", "preparing", "training", "paused", "finishing", "finished", "stopped", "failed")
#: The year 2286, in seconds since 1970: what says to be later is no time.
_END_OF_TIME = 1e10
#: A new process has its lock within a second; a machine under load gets more.
_STARTING_SECONDS = 20
_ROOT = Path(__file__).resolve().parent.parent.parent
#: Bytes in which the last epoch of a log is found: its confusion matrix is the longest line there is.
_TAIL = 500_000
#: Drawings that are read at once, so that a crowd of visitors does not slow the training.
MOST_DRAWINGS = 8


def runs_folder() -> Path:
    """``HCR_RUNS_DIR``, or ``runs`` in the user's data directory; need not exist."""
    configured = os.environ.get("HCR_RUNS_DIR")
    return Path(configured) if configured else user_data_path("hcr-studio") / "runs"


@dataclass(frozen=True)
class Run:
    """A run's folder."""

    folder: Path

    @property
    def id(self) -> str:
        """Its name among the runs."""
        return self.folder.name

    @cached_property
    def config(self) -> TrainingConfig:
        """What was asked for; raises ``TrainingError`` where that cannot be read."""
        return TrainingConfig.read(self.folder / CONFIG)

    @property
    def ticket(self) -> float:
        """When it was last started, in seconds since 1970: who waits longest is next."""
        try:
            ticket = float((self.folder / TICKET).read_text())
        except (OSError, ValueError):
            return 0.0
        return ticket if 0 <= ticket < _END_OF_TIME else 0.0

    @property
    def begun(self) -> float:
        """When it was first started, in seconds since 1970; as ``ticket`` where its files were copied since."""
        try:
            return min((self.folder / CONFIG).stat().st_mtime, self.ticket)  # written once
        except OSError:
            return self.ticket

    def events(self, offset: int = 0) -> tuple[list[dict], int]:
        """Events from a byte offset of the log on, and the offset to go on from; any JSON, where the log is damaged.

        A line that is still being written is left for the next call.
        """
        try:
            with open(self.folder / EVENTS, "rb") as file:
                file.seek(offset)
                data = file.read()
        except OSError:
            return [], offset
        whole = data[: data.rfind(b"\n") + 1]
        events = []
        for line in whole.splitlines():
            with contextlib.suppress(ValueError, RecursionError):  # a line cut off by a power cut
                events.append(json.loads(line))
        return events, offset + len(whole)

    def alive(self) -> bool:
        """Whether a process works on it."""
        if not (self.folder / ALIVE).exists():
            return False
        for _ in range(3):  # another watcher may be looking at this very moment
            try:
                with FileLock(self.folder / ALIVE, timeout=0):
                    return False
            except Timeout:
                time.sleep(0.005)
        return True

    def said(self) -> dict:
        """What the process last said of itself: ``{"state", "time"}`` and more (``reason``, ``behind``)."""
        try:
            said = json.loads((self.folder / STATE).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            said = None
        if not isinstance(said, dict) or said.get("state") not in STATES or not is_number(said.get("time")):
            return {"state": "starting", "time": 0.0}
        return said

    def state(self) -> str:
        """``starting``, ``waiting``, ``preparing``, ``training``, ``paused``, ``finishing``, or an ``ENDED`` one.

        ``interrupted`` is a run whose process is gone without a word.
        """
        alive = self.alive()  # first: what is said by a process that is gone stays said
        said, ticket = self.said(), self.ticket
        # By the ticket it was started with: the clock may have been set meanwhile.
        if said.get("ticket", ticket) != ticket or ("ticket" not in said and said["time"] < ticket):
            return "starting" if alive or abs(time.time() - ticket) < _STARTING_SECONDS else "interrupted"
        return said["state"] if alive or said["state"] in ENDED else "interrupted"

    def images_per_second(self) -> float | None:
        """Training speed of its last epoch, or ``None`` before there is one."""
        try:
            size = (self.folder / EVENTS).stat().st_size
        except OSError:
            return None
        # The end of a log is enough, and quickly read however long the run was.
        events = self.events(max(size - _TAIL, 0))[0]
        epochs = [event for event in events if isinstance(event, dict) and event.get("event") == "epoch"]
        speeds = [epoch["images_per_second"] for epoch in epochs if is_number(epoch.get("images_per_second"))]
        return speeds[-1] if speeds and speeds[-1] > 0 else None

    def ask(self, wish: str) -> None:
        """Ask the process to ``"pause"``, to go on (``"run"``) or to ``"stop"``; it looks ten times a second.

        Raises ``TrainingError`` where the run is gone or cannot be written to.
        """
        refuse_in_public("Training", TrainingError)
        self._check_there()
        with _written(self.folder):
            replace_file(self.folder / CONTROL, wish.encode())

    def show(self, key: str, glyph: np.ndarray | None) -> None:
        """Have a glyph, uint8 (28, 28), read by the network of the moment in every ``peek`` event.

        Args:
            key: Whose it is: letters, digits, ``-`` and ``_``.
            glyph: Replaces the former one of this key; ``None`` takes it away.

        Raises ``TrainingError`` for another key, and where the run is gone or cannot be written to.
        """
        refuse_in_public("Training", TrainingError)
        if not FOLDER_NAME.fullmatch(key):
            raise TrainingError("a drawing needs a plain name")
        path = self.folder / DRAWINGS / f"{key}.bin"
        with _written(self.folder):
            if glyph is None:
                path.unlink(missing_ok=True)
                return
            self._check_there()
            replace_file(path, np.ascontiguousarray(glyph, np.uint8).tobytes())

    def resume(self) -> None:
        """Go on where it stopped; raises ``TrainingError`` unless it was stopped, interrupted or failed."""
        state = self.state()
        if state not in ("stopped", "interrupted", "failed"):
            raise TrainingError(f"run {self.id} cannot be resumed: it is {state}")
        self._spawn()

    def finish(self) -> None:
        """Make a model of a stopped run's best epoch; raises ``TrainingError`` unless there is one."""
        state = self.state()
        if state not in ("stopped", "interrupted", "failed"):
            raise TrainingError(f"run {self.id} cannot be made a model of: it is {state}")
        if not (self.folder / CHECKPOINT).exists():
            raise TrainingError(f"run {self.id} cannot be made a model of: it has learned nothing yet")
        self._spawn("--finish")

    def save(self, name: str, store: Path | None = None) -> Path:
        """Put the finished model into a store (the user's own) under a name; returns its folder.

        Raises ``TrainingError`` if there is none yet, ``ModelError`` for a name
        that cannot be or a damaged model.
        """
        refuse_in_public("Saving models", TrainingError)
        if not (self.folder / MODEL / CARD).is_file():
            raise TrainingError(f"run {self.id} has no finished model yet")
        if store is None:
            check_own_name(name)
        model = open_folder(self.folder / MODEL)
        files = {filename: model.read(filename) for filename in model.card["files"]}
        store = store or user_store()
        with _written(store):
            return save_model(store, name, model.card | {"name": name}, files)

    def delete(self) -> None:
        """Remove it; raises ``TrainingError`` while it is at work."""
        refuse_in_public("Deleting", TrainingError)
        if self.alive():
            raise TrainingError(f"run {self.id} is at work: stop it first")
        try:
            remove_folder(self.folder)
        except OSError as error:
            raise TrainingError(f"run {self.id} cannot be deleted ({error.strerror})") from None

    def _spawn(self, *arguments: str) -> None:
        refuse_in_public("Training", TrainingError)
        self._check_there()
        # Later than all others, also where the clock was set back: tickets are an order, too.
        latest = max((other.ticket for other in runs(self.folder.parent) if other.id != self.id), default=0.0)
        with _written(self.folder):
            self.ask("run")
            replace_file(self.folder / TICKET, repr(max(time.time(), latest + 1e-3)).encode())
            self._start_process(*arguments)

    def _check_there(self) -> None:
        if not self.folder.is_dir():
            raise TrainingError(f"run {self.id} is gone: somebody deleted it")

    def _start_process(self, *arguments: str) -> None:
        # The process outlives whoever started it: a session of its own, and no pipe to break.
        with open(self.folder / "worker.log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "hcr_core.training.worker", str(self.folder.resolve()), *arguments],
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _CHILDREN.append(process)
        _reap()


@contextlib.contextmanager
def _written(folder: Path):
    """Say in a sentence why something cannot be written into a folder."""
    try:
        yield
    except OSError as error:
        raise TrainingError(f"{folder}: cannot be written ({error.strerror or error})") from None


#: Processes started here, so that those which ended can be collected.
_CHILDREN: list[subprocess.Popen] = []


def _reap() -> None:
    _CHILDREN[:] = [process for process in _CHILDREN if process.poll() is None]


def start(config: TrainingConfig, folder: Path | None = None) -> Run:
    """Start a run in a process of its own; it waits while an older one is at work.

    Args:
        config: What to do.
        folder: The run's folder, which must not exist; made below ``runs_folder()`` if not given.
    """
    refuse_in_public("Training", TrainingError)
    with _written(folder or runs_folder()):
        if folder is None:
            folder = _new_folder(config)
        else:
            folder.mkdir(parents=True)
        try:
            config.write(folder / CONFIG)
            run = Run(folder)
            run._spawn()
        except (OSError, TrainingError):
            shutil.rmtree(folder, ignore_errors=True)  # no run that never began is left
            raise
    return run


def _new_folder(config: TrainingConfig) -> Path:
    """A folder of its own below ``runs_folder()``, also where another server makes one at the same moment."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for suffix in ("", *(f"-{i}" for i in range(2, 1000))):
        with contextlib.suppress(FileExistsError):
            folder = runs_folder() / f"{config.name[:40]}-{stamp}{suffix}"
            folder.mkdir(parents=True)
            return folder
    raise TrainingError("a thousand runs of this name began in this second")


def runs(folder: Path | None = None) -> list[Run]:
    """All runs with a readable config, the one that was started last first."""
    found = [Run(path.parent) for path in (folder or runs_folder()).glob(f"[!.]*/{CONFIG}")]
    readable = []
    for run in found:
        with contextlib.suppress(TrainingError):
            readable.append((run.config, run))
    return sorted((run for _, run in readable), key=lambda run: (run.ticket, run.id), reverse=True)


def find(name: str) -> Run:
    """The latest run by its id or its model's name; raises ``TrainingError`` if there is none."""
    for run in runs():
        if name in (run.id, run.config.name):
            return run
    raise TrainingError(f"there is no run of {name!r}")


def ahead_of(run: Run) -> Run | None:
    """The run that ``run`` has to wait for: the oldest living one started before it in the same folder."""
    mine = (run.ticket, run.id)
    older = [other for other in runs(run.folder.parent) if (other.ticket, other.id) < mine]
    return next((other for other in reversed(older) if other.alive() or other.state() == "starting"), None)
