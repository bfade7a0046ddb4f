"""Folding a run's events into what there is to see of it."""

import json

import numpy as np
import pytest
from scripted_run import CLASSES, STEPS, VALIDATION, Script

from hcr_core.training.job import EVENTS
from hcr_core.training.progress import (
    BINS,
    Progress,
    Reading,
    Trace,
    Watch,
    class_accuracy,
    frequent_confusions,
    guesses,
)


@pytest.fixture
def script(tmp_path) -> Script:
    return Script(tmp_path / "run")


def folded(script: Script) -> Progress:
    with Watch(script.run).latest() as progress:
        return progress


def test_before_the_first_event_there_is_nothing(script):
    progress = folded(script)
    assert (progress.start, progress.x, progress.best, progress.confusion) == ({}, 0, {}, None)
    assert len(progress.training.points()) == 0
    assert progress.gallery_images().shape == (0, 28, 28)


def test_epochs_batches_and_looks(script):
    progress = folded(script.start().epochs(3).batch(4, STEPS // 2, 0.9))
    assert progress.classes == CLASSES
    assert progress.x == 3.5
    assert [epoch["epoch"] for epoch in progress.history] == [1, 2, 3]
    assert progress.best["epoch"] == 3
    assert progress.seconds == pytest.approx(7.5)
    assert progress.training.points()[:, 0].tolist() == [0.5, 1, 1.5, 2, 2.5, 3, 3.5]
    assert progress.sampled.points()[:, 0].tolist() == [0.5, 1, 1.5, 2, 2.5, 3]
    assert progress.confusion.sum() == VALIDATION
    assert progress.whole
    assert progress.gallery_images().shape == (16, 28, 28)
    assert "confusion" not in progress.history[0]


def test_a_peek_is_only_a_sample(script):
    progress = folded(script.start().epochs(1).peek(2, 5, 0.6))
    assert not progress.whole
    assert progress.confusion.sum() == 100
    assert np.trace(progress.confusion) == 60


def test_only_what_is_new_is_read(script):
    watch = Watch(script.start().epochs(1).run)
    with watch.latest() as progress:
        assert len(progress.history) == 1
    offset = watch._offset
    script.epochs(1)
    with watch.latest() as progress:
        assert [epoch["epoch"] for epoch in progress.history] == [1, 2]
    assert watch._offset > offset


def test_a_line_being_written_waits_for_its_end(script):
    script.start()
    watch = Watch(script.run)
    rest = {"images_per_second": 4321, "seconds_left": 42.0, "learning_rate": 1e-3}
    line = json.dumps({"event": "batch", "epoch": 1, "step": 1, "loss": 1, "accuracy": 0.5} | rest)
    with open(script.run.folder / EVENTS, "a") as log:
        log.write(line[:20])
        log.flush()
        with watch.latest() as progress:
            assert not progress.batch
        log.write(line[20:] + "\n")
    with watch.latest() as progress:
        assert progress.batch["step"] == 1


def test_a_resumed_run_forgets_what_was_lost(script):
    script.start().epochs(2, {"me": 7}).batch(3, 10).peek(3, 10, 0.2, {"me": 1})
    progress = folded(script.start(epoch=3, step=1))
    assert progress.x == 2
    assert [epoch["epoch"] for epoch in progress.history] == [1, 2]
    assert progress.training.points()[-1, 0] == 2
    assert progress.sampled.points()[-1, 0] == 2
    assert [int(reading.probabilities.argmax()) for reading in progress.drawings["me"]] == [7, 7, 7, 7]
    progress = folded(script.epochs(2))
    assert [epoch["epoch"] for epoch in progress.history] == [1, 2, 3, 4]


def test_a_run_resumed_within_an_epoch_keeps_its_part(script):
    script.start().epochs(1).batch(2, 5).batch(2, 10).batch(2, 15)
    progress = folded(script.start(epoch=2, step=11))
    assert progress.training.points()[-1, 0] == 1.5


def test_the_end_is_told_and_forgotten_when_it_goes_on(script):
    progress = folded(script.start().epochs(4).end())
    assert progress.end["summary"]["best_epoch"] == 4
    assert progress.state["state"] == "finished"
    assert folded(script.start(epoch=4)).end is None


def test_at_the_end_matrix_and_images_are_those_of_the_best_epoch(script):
    progress = folded(script.start().epochs(2).epochs(1, best=False))
    assert np.trace(progress.confusion) < 0.5 * VALIDATION
    progress = folded(script.end())
    assert np.trace(progress.confusion) == round(0.788 * VALIDATION)
    truths = [entry["label"] for entry in progress.start["gallery"]]
    assert sum(answer == truth for (answer, _), truth in zip(progress.gallery, truths, strict=True)) == 13
    # As it goes on, what it knows now is seen again.
    assert np.trace(folded(script.start(epoch=4).epochs(1, best=False)).confusion) < 0.5 * VALIDATION


def test_events_of_another_kind_are_passed_over(script):
    assert folded(script.start().write("something-new", x=1).epochs(1)).x == 1


def test_a_long_curve_has_few_points_that_stay():
    trace = Trace(epochs=10)
    for x in np.linspace(0, 5, 20_000):
        trace.add(x, np.sin(x))
    half = trace.points()
    assert len(half) <= BINS / 2 + 1
    for x in np.linspace(5.1, 10, 20_000):
        trace.add(x, np.sin(x))
    assert len(trace.points()) <= BINS
    np.testing.assert_array_equal(trace.points()[: len(half) - 1], half[:-1])
    assert np.abs(trace.points()[:, 1] - np.sin(trace.points()[:, 0])).max() < 0.01


def test_accuracy_by_class():
    matrix = np.array([[3, 1, 0], [0, 0, 0], [2, 0, 2]])
    np.testing.assert_array_equal(class_accuracy(matrix), [0.75, np.nan, 0.5])


def test_the_most_frequent_errors_come_first():
    matrix = np.array([[9, 1, 0], [3, 5, 0], [0, 2, 7]])
    assert frequent_confusions(matrix, 2) == [(1, 0, 3), (2, 1, 2)]
    assert frequent_confusions(np.diag([4, 4]), 5) == []


def test_a_long_history_of_a_drawing_keeps_its_ends():
    readings = [Reading(float(x), np.array([x])) for x in range(5000)]
    thin = guesses(readings)
    assert len(thin) == BINS
    assert (thin[0].x, thin[-1].x) == (0, 4999)
