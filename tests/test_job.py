"""Runs as jobs: watched, paused, stopped, killed, resumed, and ended in plain words."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from conftest import ROOT
from filelock import FileLock

from hcr_core import Recognizer
from hcr_core.datasets import load
from hcr_core.model_store import model_names
from hcr_core.training import checkpoint, job
from hcr_core.training.config import TrainingConfig, TrainingError
from hcr_core.training.job import ENDED, Run

EPOCHS = 20


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Runs and models of these tests alone."""
    folder = tmp_path_factory.mktemp("jobs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HCR_RUNS_DIR", str(folder / "runs"))
        patch.setenv("HCR_MODELS_DIR", str(folder / "models"))
        patch.setenv("HCR_DATA_DIR", str(folder / "no-data"))
        patch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
        yield folder


def _config(places, name: str, *, epochs: int = EPOCHS, **changes) -> TrainingConfig:
    changes |= {"epochs": epochs, "validation": 0.3}
    return TrainingConfig.of(
        name, ("digits",), "mnist-cnn-128", changes=changes, limit=300, store=str(places / "models")
    )


def _until(condition, seconds: float = 60) -> None:
    ending = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ending, "it took too long"
        time.sleep(0.02)


def _events(run: Run, kind: str) -> list[dict]:
    return [event for event in run.events()[0] if event["event"] == kind]


def _drawings(run: Run) -> list[dict]:
    """What was made of the drawings at every look."""
    return [event["drawings"] for event in run.events()[0] if "drawings" in event]


def _ended(run: Run) -> str:
    _until(lambda: run.state() in ENDED)
    return run.state()


def _learning(run: Run) -> dict[int, tuple]:
    """The figures of every epoch; of one that was repeated, the last."""
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    return {event["epoch"]: tuple(event[name] for name in names) for event in _events(run, "epoch")}


@pytest.fixture(scope="module")
def whole(places):
    """A run that nobody disturbed."""
    run = job.start(_config(places, "whole"))
    assert _ended(run) == "finished", (run.folder / "worker.log").read_text()[-2000:]
    return run


def test_it_reaches_an_accuracy_and_is_at_once_a_model(whole, places):
    recognizer = Recognizer.load("whole")
    assert "whole" in model_names()
    test = load("digits", "test")
    right = recognizer.classify(test.images).argmax(axis=1) == test.labels
    # 300 images of the UCI digits, 20 epochs: 92 to 95 % with other seeds.
    assert right.mean() > 0.88
    assert str(places) not in json.dumps(recognizer.card)  # nobody's folders travel with a model
    assert recognizer.card["held_out"]["digits"]["accuracy"] == pytest.approx(right.mean(), abs=0.01)


def test_its_log_says_all_that_the_page_shows(whole):
    start, end = _events(whole, "start")[0], _events(whole, "end")[0]
    classes = len(start["classes"])
    assert (start["samples"], start["validation"]) == (210, 90)
    assert len(start["gallery"]) == 16
    first, *_, batch = _events(whole, "batch")
    assert first["images_per_second"] == 0  # its step was compiled
    assert batch["images_per_second"] > 0
    assert batch["seconds_left"] >= 0
    epochs = _events(whole, "epoch")
    assert [event["epoch"] for event in epochs] == list(range(1, EPOCHS + 1))
    assert all(sum(count for _, _, count in event["confusion"]) == 90 for event in epochs)
    best = epochs[end["summary"]["best_epoch"] - 1]
    assert best["best"]
    assert best["val_accuracy"] == max(event["val_accuracy"] for event in epochs)
    assert all(0 <= answer < classes for peek in _events(whole, "peek") for answer, _ in peek["gallery"])


def test_paused_stopped_killed_and_resumed_it_learns_the_same(whole, places):
    run = job.start(_config(places, "disturbed"))
    other = Run(run.folder)  # a second watcher, of its own
    _until(lambda: len(_learning(run)) >= 3)
    run.ask("pause")
    _until(lambda: run.state() == "paused")
    seen = other.events()[1]
    time.sleep(0.4)
    assert other.events()[1] == seen  # nothing happens
    other.ask("run")
    _until(lambda: len(_learning(other)) >= 6)
    assert run.events() == other.events() or run.events()[1] <= other.events()[1]

    run.ask("stop")
    asked = time.monotonic()
    _until(lambda: not run.alive())
    assert time.monotonic() - asked < 3
    assert run.state() == other.state() == "stopped"
    assert "disturbed" not in model_names()

    run.resume()
    done = len(_learning(run))
    _until(lambda: len(_learning(run)) >= done + 4)
    os.kill(int(subprocess.check_output(["pgrep", "-f", str(run.folder)]).split()[0]), signal.SIGKILL)
    _until(lambda: run.state() == "interrupted")
    assert "disturbed" not in model_names()

    other.resume()
    assert _ended(run) == "finished"
    assert _learning(run) == _learning(whole)
    assert "disturbed" in model_names()


def test_a_stopped_run_can_become_a_model(places):
    run = job.start(_config(places, "endless", epochs=10_000))
    _until(lambda: len(_learning(run)) >= 5)
    run.ask("stop")
    assert _ended(run) == "stopped"
    with pytest.raises(TrainingError, match="no finished model"):
        run.save("endless")
    run.finish()
    assert _ended(run) == "finished"
    run.save("under-another-name")
    card = Recognizer.load("under-another-name").card
    assert card["name"] == "under-another-name"
    assert card["training"]["best_epoch"] == _events(run, "end")[0]["summary"]["best_epoch"] >= 1
    with pytest.raises(TrainingError, match="cannot be resumed: it is finished"):
        run.resume()
    run.delete()
    assert run.id not in [other.id for other in job.runs()]


def test_a_run_whose_data_or_checkpoint_changed_does_not_go_on(places):
    run = job.start(_config(places, "changed", epochs=10_000))
    _until(lambda: len(_learning(run)) >= 1)
    run.ask("stop")
    assert _ended(run) == "stopped"
    path = run.folder / job.CHECKPOINT
    position, arrays = checkpoint.read(path)
    position.fingerprint += 1
    checkpoint.write(path, position, arrays)
    for sentence in ("the data set is not the one this run began with", "the checkpoint of run changed-"):
        run.resume()
        assert _ended(run) == "failed"
        assert sentence in run.said()["reason"]
        path.write_bytes(path.read_bytes()[:1000])  # and then a damaged one


def test_early_stopping_ends_a_run_that_learns_nothing(places):
    run = job.start(_config(places, "idle", epochs=50, learning_rate=1e-30, early_stopping=2))
    assert _ended(run) == "finished"
    assert len(_learning(run)) == 3
    assert _events(run, "end")[0]["summary"]["best_epoch"] == 1


def test_drawings_are_read_while_it_learns(places):
    run = job.start(_config(places, "watched", epochs=10_000))
    glyph = load("digits", "test").images[0]
    run.show("visitor-1", glyph)
    try:
        _until(lambda: any(_drawings(run)))
        reading = next(drawings for drawings in _drawings(run) if drawings)["visitor-1"]
        assert len(reading) == 10
        assert sum(reading) == pytest.approx(1, abs=0.01)
        run.ask("pause")
        _until(lambda: run.state() == "paused")
        run.show("visitor-2", glyph)  # also while it pauses
        _until(lambda: "visitor-2" in _drawings(run)[-1])
        run.ask("run")
        run.show("visitor-1", None)
        _until(lambda: "visitor-1" not in _drawings(run)[-1])
    finally:
        run.ask("stop")
        _ended(run)


def test_a_loss_that_is_no_number_ends_it_with_advice(places):
    run = job.start(_config(places, "explodes", learning_rate=1e38))
    assert _ended(run) == "failed"
    assert "learning rate of 1e+38 is too high" in run.said()["reason"]
    assert not (run.folder / job.MODEL).exists()


def test_data_that_vanished_ends_it_with_a_sentence(places):
    run = job.start(TrainingConfig.of("gone", ("mnist",), "mlp-256"))
    assert _ended(run) == "failed"
    assert "set HCR_DATA_DIR" in run.said()["reason"]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MB, and a way to enlarge it."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def mount(options: str) -> bool:
        call = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
        return subprocess.run(call, capture_output=True, check=False).returncode == 0

    if not mount("size=3m"):
        pytest.skip("mounting a small disk needs the rights of root")
    yield disk, lambda: mount("remount,size=100m")
    # Lazily: the process may still hold its log.
    subprocess.run(["umount", "-l", str(disk)], check=False)


def test_a_full_disk_ends_it_and_it_goes_on_with_more_room(small_disk, places):
    disk, enlarge = small_disk
    run = job.start(_config(places, "on-a-small-disk", epochs=3), disk / "run")
    assert _ended(run) == "failed"
    assert run.said()["reason"] == "the disk is full: make room and resume"
    assert not list(run.folder.glob(".*"))  # what was half written is gone
    assert enlarge()
    run.resume()
    assert _ended(run) == "finished"


def test_one_at_a_time(places, tmp_path):
    first, second = tmp_path / "runs" / "first", tmp_path / "runs" / "second"
    first.mkdir(parents=True)
    _config(places, "first").write(first / job.CONFIG)
    (first / job.TICKET).write_text(str(time.time() - 60))
    with FileLock(first / job.ALIVE):  # an older run at work
        run = job.start(_config(places, "second", epochs=1), second)
        _until(lambda: run.state() == "waiting")
        assert run.said()["behind"] == "first"
        with pytest.raises(TrainingError, match="at work: stop it first"):
            run.delete()
    assert _ended(run) == "finished"


def test_a_waiting_run_can_be_stopped(places, tmp_path):
    first = tmp_path / "runs" / "first"
    first.mkdir(parents=True)
    _config(places, "first").write(first / job.CONFIG)
    (first / job.TICKET).write_text(str(time.time() - 60))
    with FileLock(first / job.ALIVE):
        run = job.start(_config(places, "second"), tmp_path / "runs" / "second")
        _until(lambda: run.state() == "waiting")
        run.ask("stop")
        assert _ended(run) == "stopped"


def _command(arguments: list[str], **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "hcr_core", "train", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


_SHORT = ["--data", "digits", "--architecture", "mlp-256", "--epochs", "2", "--batch", "64", "--json", "--force"]


def test_two_machines_learn_what_one_does(places, tmp_path):
    arguments = [*_SHORT, "--name", "together", "--store", str(tmp_path / "models")]
    alone = json.loads(_command([*arguments, "--run-folder", str(tmp_path / "alone")]).communicate()[0])
    ports = [_free_port(), _free_port()]
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    workers = []
    for index in range(2):
        task = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
        folder = tmp_path / f"machine-{index}" / "run"
        workers.append(_command([*arguments, "--run-folder", str(folder)], TF_CONFIG=task))
    ends = [json.loads(worker.communicate(timeout=100)[0]) for worker in workers]
    for end in ends:
        for name in ("loss", "val_loss", "accuracy", "val_accuracy"):
            assert end["summary"][name] == pytest.approx(alone["summary"][name], abs=2e-3), name
    assert [end["model"] for end in ends] == ["together", ""]  # the first machine saves


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_two_gpus_learn_what_one_does():
    code = """
import numpy as np, tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from hcr_core.training.config import TrainingConfig
from hcr_core.training.trainer import Trainer
rng = np.random.default_rng(0)
images, labels = rng.integers(0, 256, (64, 28, 28, 1), np.uint8), rng.integers(0, 10, 64).astype(np.int32)
config = TrainingConfig.of("x", ("digits",), "mlp-256", changes={"average": True})
for strategy in (tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])):
    trainer = Trainer(config, 28, 10, 100, strategy)
    losses = [float(trainer.step(images, labels, 64)[0]) for _ in range(5)]
    trainer.refresh()
    print(*losses, *trainer.classify(images[:1, ..., 0])[0])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    one, two = (np.array(line.split(), float) for line in done.stdout.splitlines()[-2:])
    assert one[0] != one[4]
    assert two == pytest.approx(one, rel=1e-3)


def test_the_command_stops_at_ctrl_c_and_resumes(places, tmp_path):
    command = _command(["--data", "digits", "--architecture", "mlp-256", "--epochs", "10000", "--name", "by-hand"])
    _until(lambda: any(run.config.name == "by-hand" and _learning(run) for run in job.runs()))
    command.send_signal(signal.SIGINT)
    out, _ = command.communicate(timeout=20)
    assert command.returncode == 1
    assert "`train --resume by-hand` goes on" in out
    resumed = _command(["--resume", "by-hand", "--json"])
    run = job.find("by-hand")
    _until(lambda: run.state() == "training")
    run.ask("stop")
    last = json.loads(resumed.communicate(timeout=20)[0])
    assert (last["event"], last["state"]) == ("state", "stopped")
    assert last["epoch"] > 1
