"""Processes killed at any moment, full disks, folders that may not be written, clocks that are set, two of everything.

After each: nothing is lost that was acknowledged, nothing half-written is seen, and a sentence says what is wrong.
Kills of a training process, and a disk that is full while it works, are in ``test_job``.
"""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, images_of
from scripted_run import Script

from hcr_core import atomic, corrections
from hcr_core.cli import main
from hcr_core.corrections import Sample
from hcr_core.datasets import DatasetError, import_dataset, load
from hcr_core.datasets.registry import imported
from hcr_core.model_store import open_model, save_model, stored_models
from hcr_core.training import job
from hcr_core.training.config import TrainingConfig, TrainingError
from hcr_core.training.job import TICKET, Run

#: Times that a process is killed at a moment of chance.
_KILLS = 12


@pytest.fixture
def places(tmp_path, monkeypatch) -> Path:
    for name in ("RUNS", "MODELS", "IMPORTED", "DATA", "CACHE"):
        monkeypatch.setenv(f"HCR_{name}_DIR", str(tmp_path / name.lower()))
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    return tmp_path


def _process(code: str, *arguments: str) -> subprocess.Popen:
    """Python at work on something, until it is killed; prints a line each time a piece of it is done."""
    command = [sys.executable, "-u", "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _killed_some_time_later(process: subprocess.Popen, seed: int) -> list[str]:
    """Kill it at a moment of chance after it began; returns what it acknowledged."""
    first = process.stdout.readline()
    assert first, "it did not begin"
    time.sleep(random.Random(seed).uniform(0, 0.05))
    process.send_signal(signal.SIGKILL)
    return [first.strip(), *process.communicate()[0].split()]


def _unfinished(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith(".")]


# Killed

_SAVING = """
import sys
from pathlib import Path
from hcr_core.model_store import save_model
store, number = Path(sys.argv[1]), int(sys.argv[2])
while True:
    number += 1
    data = bytes([number % 256]) * 200_000
    save_model(store, "mine", {"classes": ["a"], "number": number}, {"model.tflite": data, "model.keras": data})
    print(number)
"""


@pytest.mark.usefixtures("only_characters")
def test_killed_during_a_save_there_is_the_former_model_or_the_new_one(places):
    store, number = places / "models", 0
    for seed in range(_KILLS):
        done = _killed_some_time_later(_process(_SAVING, store, number), seed)
        model = open_model("mine")
        model.verify()
        number = model.card["number"]
        assert number >= int(done[-1])  # what was acknowledged is there
        assert len({*model.read("model.tflite"), number % 256}) == 1
        assert [found.name for found in stored_models()[0]] == ["characters", "mine"]
        assert not stored_models()[1]


_IMPORTING = """
import sys
from hcr_core.datasets import import_dataset
while True:
    dataset = import_dataset(sys.argv[1], "own")
    print(len(dataset))
"""


def test_killed_during_an_import_there_is_all_of_it_or_nothing(places):
    np.savez(places / "a.npz", images=images_of(3000, 28), labels=np.arange(3000) % 5)
    for seed in range(_KILLS):
        _killed_some_time_later(_process(_IMPORTING, places / "a.npz"), seed)
        assert imported() == ["own"]
        dataset = load("own")
        assert len(dataset) == 3000
        assert int(dataset.images.sum()) == int(images_of(3000, 28).sum())
    assert len(import_dataset(places / "a.npz", "own")) == 3000


_CACHING = """
import sys
from hcr_core.datasets import load
print("begins")
print(len(load("digits")))
"""


def test_killed_while_it_fills_the_cache_the_next_one_fills_it(places):
    for seed in range(4):
        _killed_some_time_later(_process(_CACHING), seed)
    assert len(load("digits")) == 1797


def test_what_a_dead_process_left_is_swept_away_later_and_that_of_a_living_one_is_not(places):
    store = places / "models"
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    long_ago = time.time() - 10 * atomic._OLD
    for process, age in ((dead.pid, long_ago), (os.getpid(), long_ago), (dead.pid, time.time())):
        folder = store / f".writing-{process}-{age:.0f}"
        folder.mkdir(parents=True)
        (folder / "half").write_bytes(b"half")
        os.utime(folder, (age, age))
    save_model(store, "mine", {"classes": ["a"]}, {"model.tflite": b"1"})
    assert len(_unfinished(store)) == 2
    assert not (store / f".writing-{dead.pid}-{long_ago:.0f}").exists()


_SERVER = """
import sys, time
from hcr_core.training import job
from hcr_core.training.config import TrainingConfig
changes = {"epochs": 10_000, "validation": 0.3}
run = job.start(TrainingConfig.of("survivor", ("digits",), "mlp-256", changes=changes, limit=300))
print(run.folder, flush=True)
time.sleep(600)
"""


def test_a_run_outlives_the_server_that_started_it(places):
    server = _process(_SERVER)
    run = Run(Path(server.stdout.readline().strip()))
    try:
        server.send_signal(signal.SIGKILL)
        server.wait()
        deadline = time.monotonic() + 60
        while run.state() != "training":
            assert time.monotonic() < deadline, run.said()
            time.sleep(0.05)
    finally:
        run.ask("stop")
    deadline = time.monotonic() + 30
    while run.state() != "stopped":
        assert time.monotonic() < deadline, run.said()
        time.sleep(0.05)


# No room, no rights


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MB that is full of something else but for a few kilobytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    call = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(call, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs the rights of root")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=False)


def test_a_full_disk_keeps_the_former_model_and_data(places, small_disk, monkeypatch):
    np.savez(places / "small.npz", images=images_of(20), labels=np.arange(20) % 2)
    np.savez(places / "large.npz", images=images_of(3000, 28), labels=np.arange(3000) % 5)
    monkeypatch.setenv("HCR_IMPORTED_DIR", str(small_disk / "imported"))
    monkeypatch.setenv("HCR_MODELS_DIR", str(small_disk / "models"))
    import_dataset(places / "small.npz", "own")
    save_model(small_disk / "models", "mine", {"classes": ["a"]}, {"model.tflite": b"1", "model.keras": b"1"})
    with pytest.raises(DatasetError, match="No space left"):
        import_dataset(places / "large.npz", "own")
    with pytest.raises(OSError, match="No space left"):
        save_model(small_disk / "models", "mine", {"classes": ["a"]}, {"model.tflite": bytes(2 << 20)})
    assert len(load("own")) == 20
    open_model("mine").verify()
    for folder in ("imported", "models"):
        assert not _unfinished(small_disk / folder)


def test_a_model_for_which_there_is_no_room_stays_with_its_run(places, small_disk):
    run = Script(places / "runs" / "run").start().epochs(1).run
    card = {"classes": ["a"]}
    save_model(run.folder, job.MODEL, card, {"model.tflite": bytes(2 << 20), "model.keras": b"1"})
    with pytest.raises(TrainingError, match=f"{small_disk}.*No space left"):
        run.save("mine", small_disk / "models")
    assert run.save("mine").name == "mine"


def test_a_run_that_cannot_begin_leaves_nothing(places, small_disk, monkeypatch):
    with suppress(OSError):
        (small_disk / "other").write_bytes(bytes(2 << 20))
    monkeypatch.setenv("HCR_RUNS_DIR", str(small_disk / "runs"))
    with pytest.raises(TrainingError, match="cannot be written"):
        job.start(TrainingConfig.of("x", ("digits",), "mlp-256"))
    assert not list(small_disk.glob("runs/*"))


def test_corrections_that_may_not_be_written_can_be_looked_at(places, small_disk, monkeypatch):
    monkeypatch.setenv("HCR_CORRECTIONS_DIR", str(small_disk / "corrections"))
    corrections.keep(Sample(images_of(1, 28)[0], "a"))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert [sample.label for sample in corrections.samples()] == ["a"]
    assert load("mine").counts == {"a": 1}
    for change in (lambda: corrections.keep(Sample(images_of(1, 28)[0], "b")), lambda: corrections.delete([1])):
        with pytest.raises(DatasetError, match="cannot be used"):
            change()


#: A folder that nobody can write to, root included.
_NOWHERE = Path("/proc/hcr-nowhere")


@pytest.mark.usefixtures("only_characters")
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux")
def test_folders_that_may_not_be_written_are_named(places, monkeypatch, capsys):
    np.savez(places / "a.npz", images=images_of(4), labels=np.array(list("abab")))
    for name in ("RUNS", "MODELS", "IMPORTED"):
        monkeypatch.setenv(f"HCR_{name}_DIR", str(_NOWHERE / name.lower()))
    with pytest.raises(TrainingError, match=f"{_NOWHERE}/runs: cannot be written"):
        job.start(TrainingConfig.of("x", ("digits",), "mlp-256"))
    with pytest.raises(DatasetError, match=f"{_NOWHERE}/imported: cannot be written"):
        import_dataset(places / "a.npz", "own")
    run = Script(places / "runs" / "run").start().epochs(1).run
    save_model(run.folder, job.MODEL, {"classes": ["a"]}, {"model.tflite": b"1", "model.keras": b"1"})
    with pytest.raises(TrainingError, match=f"{_NOWHERE}/models: cannot be written"):
        run.save("mine")
    assert main(["data", "import", str(places / "a.npz"), "--name", "own"]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert [model.name for model in stored_models()[0]] == ["characters"]  # and reading goes on


# The clock


@pytest.mark.parametrize("hours", [-48, 48])
def test_a_clock_that_is_set_does_not_change_what_a_run_is_doing(places, monkeypatch, hours):
    """The process says something after the jump: by the clock, before or long after it was started."""
    script = Script(places / "runs" / "run")
    (script.run.folder / TICKET).write_text(repr(time.time()))
    script.clock = time.time() + 3600 * hours
    script.state("training", ticket=script.run.ticket).start().epochs(1)
    with script.alive() as run:
        assert run.state() == "training"
    script.state("stopped", ticket=script.run.ticket, epoch=1, step=20)
    assert script.run.state() == "stopped"
    (script.run.folder / TICKET).write_text(repr(script.run.ticket + 1))  # it is started again
    assert script.run.state() == "starting"


def test_runs_keep_their_order_when_the_clock_is_set_back(places, monkeypatch):
    first = Script(places / "runs" / "first").run
    (first.folder / TICKET).write_text(repr(time.time() + 48 * 3600))  # then the clock was set back
    second = Script(places / "runs" / "second").run
    monkeypatch.setattr(Run, "_start_process", lambda run, *arguments: None)
    second._spawn()
    assert second.ticket > first.ticket
    with Script(places / "runs" / "third").alive():
        pass
    assert [run.id for run in job.runs()][:2] == ["second", "first"]


# Two servers on one folder

_TOGETHER = """
import sys
from hcr_core.datasets import import_dataset, load
for _ in range(15):
    print(len(import_dataset(sys.argv[1], "own")), len(load("own")))
"""


def test_two_import_under_one_name_and_both_have_a_whole_data_set(places):
    np.savez(places / "a.npz", images=images_of(300, 28), labels=np.arange(300) % 5)
    both = [_process(_TOGETHER, places / "a.npz") for _ in range(2)]
    for process in both:
        assert process.communicate(timeout=100)[0].split() == ["300"] * 30
        assert process.returncode == 0
    assert len(load("own")) == 300
    assert not _unfinished(places / "imported")


def test_two_save_under_one_name_and_the_model_is_whole(places):
    both = [_process(_SAVING, places / "models", start) for start in (0, 10**6)]
    try:
        for process in both:
            process.stdout.readline()
        for _ in range(30):
            model = open_model("mine")
            assert model.card["files"]
            time.sleep(0.02)
        assert all(process.poll() is None for process in both)
    finally:
        for process in both:
            process.kill()
            process.communicate()
    open_model("mine").verify()


def test_two_fill_the_cache_at_once(places):
    both = [_process(_CACHING) for _ in range(2)]
    for process in both:
        assert process.communicate(timeout=100)[0].split() == ["begins", "1797"]
        assert process.returncode == 0


def test_two_runs_of_one_name_in_one_second_have_folders_of_their_own(places, monkeypatch):
    monkeypatch.setattr(Run, "_start_process", lambda run, *arguments: None)
    monkeypatch.setattr(time, "strftime", lambda form: "20300101-000000")
    config = TrainingConfig.of("x", ("digits",), "mlp-256")
    assert len({job.start(config).id for _ in range(5)}) == 5


def test_without_a_system_that_exchanges_a_replaced_folder_is_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic, "_exchange", lambda *paths: False)
    for content in ("1", "2"):
        with atomic.written_aside(tmp_path / "target") as folder:
            (folder / "file").write_text(content)
    assert (tmp_path / "target" / "file").read_text() == "2"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
