"""What a run can be asked to do, what it is fed, and what its folder says without a process."""

import errno
import json
import shutil
import time

import numpy as np
import pytest

from hcr_core.alphabet import Alphabet, AlphabetError
from hcr_core.datasets import DatasetError, load
from hcr_core.training import job
from hcr_core.training.architectures import ARCHITECTURES
from hcr_core.training.augmentation import STRENGTHS
from hcr_core.training.config import TrainingConfig, TrainingError, chosen_labels
from hcr_core.training.data import count, divided, gather
from hcr_core.training.estimate import Pace, expected
from hcr_core.training.events import EventLog, confusion, counted
from hcr_core.training.job import Run
from hcr_core.training.samples import Batches
from hcr_core.training.worker import reason

DIGITS = Alphabet.from_text("0123456789aA")


@pytest.mark.parametrize(
    ("classes", "labels"),
    [
        ("", "0123456789aA"),
        ("digits", "0123456789"),
        ("letters", "aA"),
        ("a31", "13a"),  # in the alphabet's order
        ("a, 3,1", "13a"),
    ],
)
def test_classes_by_kind_or_label(classes, labels):
    assert "".join(chosen_labels(DIGITS, classes)) == labels


@pytest.mark.parametrize(("classes", "reason"), [("3", "at least two classes"), ("3x", "'x' is not one")])
def test_classes_that_cannot_be_trained(classes, reason):
    with pytest.raises(AlphabetError, match=reason):
        chosen_labels(DIGITS, classes)


@pytest.mark.parametrize(
    ("own", "changes", "reason"),
    [
        ({"name": "../x"}, {}, "is no name for a model"),
        ({"data": ()}, {}, "needs a data set"),
        ({"architecture": "vgg"}, {}, "unknown architecture 'vgg': choose one of compact"),
        ({"precision": "float8"}, {}, "unknown precision"),
        ({"limit": -1}, {}, "not negative"),
        ({}, {"epochs": 0}, "epochs lies between 1 and 10,000"),
        ({}, {"epochs": 99_999_999_999}, "epochs lies between"),
        ({}, {"batch": 0}, "between 1 and 65,536"),
        ({}, {"balance": 4}, "between 0 and 1"),
        ({}, {"learning_rate": float("nan")}, "positive number"),
        ({}, {"validation": 1.0}, "between 0 and 1"),
        ({}, {"schedule": "steps"}, "unknown schedule"),
        ({}, {"augment": "wild"}, "unknown augmentation"),
    ],
)
def test_settings_that_make_no_sense_are_refused(own, changes, reason):
    fields = {"name": "x", "data": ("digits",), "architecture": "compact"} | own
    with pytest.raises(TrainingError, match=reason):
        TrainingConfig.of(**fields, changes=changes)


def test_a_config_is_read_as_it_was_written(tmp_path):
    config = TrainingConfig.of("x", ("digits", "mnist"), "az-cnn", changes={"epochs": 3, "batch": None}, classes="012")
    config.write(tmp_path / "config.json")
    assert TrainingConfig.read(tmp_path / "config.json") == config
    assert (config.recipe.epochs, config.recipe.batch) == (3, ARCHITECTURES["az-cnn"].recipe.batch)
    (tmp_path / "config.json").write_text('{"name": 3}')
    with pytest.raises(TrainingError, match="no readable config"):
        TrainingConfig.read(tmp_path / "config.json")


def _gathered(**own):
    fields = {"changes": {"validation": 0.2}} | own
    return gather(TrainingConfig.of("x", ("digits",), "mlp-256", **fields))


def test_validation_is_a_share_of_every_class_and_apart_from_training():
    data = _gathered()
    (dataset, positions), train = data.parts[0], load("digits", "train")
    assert data.samples + len(data.labels) == len(train)
    shares = np.bincount(data.labels) / np.bincount(train.labels)
    assert shares == pytest.approx(np.full(10, 0.2), abs=0.01)
    trained = {image.tobytes() for image in dataset.images[positions]}
    held = [image.tobytes() in trained for image in data.glyphs]
    assert np.mean(held) < 0.01  # a few of the set's images are equal


def test_chosen_classes_and_a_limit():
    data = _gathered(classes="379", limit=50)
    assert list(data.alphabet) == ["3", "7", "9"]
    assert data.samples + len(data.labels) == 50
    dataset, positions = data.parts[0]
    train = load("digits", "train")
    original = [train.alphabet[i] for i in train.labels[positions]]
    assert [data.alphabet[i] for i in dataset.labels[positions]] == original
    assert count(("digits",), "379", 50) == 50
    assert count(("digits",), "379") == np.isin(train.labels, [3, 7, 9]).sum()


@pytest.mark.parametrize("fields", [{}, {"limit": 333}, {"classes": "379", "limit": 50}])
def test_it_is_known_beforehand_how_samples_are_divided(fields):
    config = TrainingConfig.of("x", ("digits",), "mlp-256", **fields)
    data = gather(config)
    assert divided(config) == (data.samples, len(data.labels))


def test_the_gallery_is_of_many_classes():
    data = _gathered()
    assert len(set(data.labels[data.mixture(10, 1)])) == 10


@pytest.mark.parametrize("strength", STRENGTHS)
def test_batches_depend_on_seed_epoch_and_number_alone(strength):
    data = _gathered(limit=100)
    feeds = [Batches(data.parts, 16, seed, STRENGTHS[strength]) for seed in (1, 1, 2)]
    first, again, other = ([images.copy() for images, _ in feed.epoch(3)] for feed in feeds)
    late = [images for images, _ in feeds[0].epoch(3, first=2)]
    assert len(first) == len(feeds[0]) == 5
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(first[2:], late, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_without_balance_every_sample_comes_once():
    data = _gathered(limit=100)
    seen = np.concatenate([images for images, _ in Batches(data.parts, 16, 1).epoch(1)])
    dataset, positions = data.parts[0]
    assert sorted(image.tobytes() for image in seen) == sorted(image.tobytes() for image in dataset.images[positions])


def test_balance_draws_rare_classes_more_often():
    data = _gathered()
    dataset, positions = data.parts[0]
    few = np.concatenate([positions[dataset.labels[positions] == 0][:5], positions[dataset.labels[positions] == 1]])
    counts = []
    for balance in (0.0, 1.0):
        feed = Batches([(dataset, few)], 16, 1, balance=balance)
        counts.append(np.bincount(np.concatenate([labels for _, labels in feed.epoch(1)]), minlength=2))
    assert counts[0][0] == 5
    assert counts[1][0] > 0.3 * len(few)


def test_machines_share_a_batch():
    data = _gathered(limit=50)
    whole = next(iter(Batches(data.parts, 16, 1).epoch(1)))[1]
    parts = [next(iter(Batches(data.parts, 16, 1, share=(i, 2)).epoch(1)))[1] for i in range(2)]
    assert sorted(np.concatenate(parts)) == sorted(whole)


def test_a_confusion_matrix_of_its_counts():
    truths, answers = np.array([0, 1, 1, 2]), np.array([0, 2, 2, 2])
    counts = counted(truths, answers, 3)
    assert counts == [[0, 0, 1], [1, 2, 2], [2, 2, 1]]
    assert confusion(counts, 3).tolist() == [[1, 0, 0], [0, 0, 2], [0, 0, 1]]


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "x-1"
    folder.mkdir()
    TrainingConfig.of("x", ("digits",), "mlp-256").write(folder / job.CONFIG)
    (folder / job.TICKET).write_text(str(time.time() - 100))
    return Run(folder)


def test_a_line_still_being_written_is_left_for_later(run):
    log = EventLog(run)
    log.write("batch", step=1)
    events, offset = run.events()
    with open(run.folder / job.EVENTS, "ab") as file:
        file.write(b'{"event": "bat')
    assert run.events(offset) == ([], offset)
    with open(run.folder / job.EVENTS, "ab") as file:
        file.write(b'ch", "step": 2}\n')
    assert [event["step"] for event in run.events(offset)[0]] == [2]
    assert len(events) == 1


def test_a_log_cut_off_by_a_power_cut_goes_on_in_a_new_line(run):
    (run.folder / job.EVENTS).write_bytes(b'{"event": "batch", "step": 1}\n{"event": "ba')
    EventLog(run).write("batch", step=2)
    assert [event["step"] for event in run.events()[0]] == [1, 2]


@pytest.mark.parametrize(
    ("said", "age", "state"),
    [
        (None, 1, "starting"),  # the process is on its way
        (None, 100, "interrupted"),  # it never came
        ("training", 100, "interrupted"),  # gone without a word
        ("stopped", 100, "stopped"),
        ("failed", 100, "failed"),
        ("finished", 100, "finished"),
    ],
)
def test_the_state_of_a_run_without_a_process(run, said, age, state):
    (run.folder / job.TICKET).write_text(str(time.time() - age))
    if said:
        (run.folder / job.STATE).write_text(json.dumps({"state": said, "time": time.time()}))
    assert run.state() == state


def test_runs_are_found_by_model_and_id_the_latest_first(run, monkeypatch):
    later = Run(run.folder.with_name("x-2"))
    later.folder.mkdir()
    run.config.write(later.folder / job.CONFIG)
    (later.folder / job.TICKET).write_text(str(time.time()))
    (run.folder.parent / "broken").mkdir()
    (run.folder.parent / "broken" / job.CONFIG).write_text("{")
    (run.folder.parent / "deep").mkdir()
    (run.folder.parent / "deep" / job.CONFIG).write_text("[" * 100_000)
    monkeypatch.setenv("HCR_RUNS_DIR", str(run.folder.parent))
    assert [found.id for found in job.runs()] == ["x-2", "x-1"]
    assert job.find("x").id == "x-2"
    assert job.find("x-1").id == "x-1"
    with pytest.raises(TrainingError, match="no run of 'y'"):
        job.find("y")


def test_a_drawing_needs_a_plain_name(run):
    with pytest.raises(TrainingError, match="plain name"):
        run.show("../../x", np.zeros((28, 28), np.uint8))


def test_a_run_that_was_deleted_is_not_asked_or_shown_anything(run):
    shutil.rmtree(run.folder)
    for attempt in (lambda: run.ask("stop"), lambda: run.show("visitor", np.zeros((28, 28), np.uint8))):
        with pytest.raises(TrainingError, match="is gone: somebody deleted it"):
            attempt()
    assert not run.folder.exists()


def test_the_time_is_calculated_at_first_and_measured_later(run, monkeypatch):
    monkeypatch.setenv("HCR_RUNS_DIR", str(run.folder.parent))
    before = expected(run.config, 1000, 10)
    assert not before.measured
    EventLog(run).write("epoch", images_per_second=100)
    after = expected(run.config, 1000, 10)
    assert after.measured
    assert after.seconds == pytest.approx(1000 * run.config.recipe.epochs / 100, abs=30)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full: make room and resume"),
        (MemoryError(), "there was not enough memory: try a smaller batch or fewer samples"),
        (DatasetError("mnist is not here"), "mnist is not here"),
        (ZeroDivisionError("division by zero"), "unforeseen happened (ZeroDivisionError: division by zero)"),
    ],
)
def test_why_a_run_failed_is_said_in_a_sentence(error, sentence):
    assert sentence in reason(error)


def test_the_speed_told_is_that_of_several_seconds():
    pace = Pace()
    assert pace.add(64, 9.0) == 0  # compiled meanwhile
    assert pace.add(100, 0.5) == 200
    assert pace.add(300, 0.5) == 400
    for _ in range(20):
        speed = pace.add(250, 0.5)
    assert speed == 500  # the slow beginning is forgotten
    assert pace.add(0, 0.5) == pytest.approx(450, abs=10)
