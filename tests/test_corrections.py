"""What visitors wrote: kept whole or not at all, whoever writes at once and whoever is killed."""

import os
import signal
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest
from conftest import ROOT, drawn_ink

from hcr_core import corrections
from hcr_core.canvas_strokes import strokes_of
from hcr_core.corrections import Choice, Sample, collecting, keep
from hcr_core.datasets import DatasetError, available, import_dataset, load
from hcr_core.datasets.pen_alphabet import pen_strokes
from hcr_core.preprocessing import ink_to_glyph


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    monkeypatch.setenv("HCR_CORRECTIONS_DIR", str(tmp_path / "corrections"))
    monkeypatch.setenv("HCR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("HCR_IMPORTED_DIR", str(tmp_path / "imported"))
    return tmp_path


def written(label: str, **others) -> Sample:
    others = {"strokes": tuple(pen_strokes(label))} | others
    return Sample(ink_to_glyph(drawn_ink(label)), others.pop("says", label), **others)


def test_a_sample_comes_back_as_it_was_kept():
    kept = keep(written("R", read_as="K", model="characters", origin="draw", writer=" Ada "))
    (found,) = corrections.samples()
    assert (found.id, found.label, found.read_as, found.model) == (kept.id, "R", "K", "characters")
    assert (found.origin, found.writer, found.part) == ("draw", "Ada", "train")
    assert np.array_equal(found.glyph, kept.glyph)
    assert [len(stroke) for stroke in found.strokes] == [len(stroke) for stroke in pen_strokes("R")]
    assert found.strokes[1] == pytest.approx(pen_strokes("R")[1], abs=0.06)
    assert abs(found.time - time.time()) < 60


def test_nothing_is_made_by_looking(places):
    assert corrections.samples() == []
    assert corrections.count() == 0
    assert corrections.overview().labels == {}
    assert corrections.revision() == ""
    assert not (places / "corrections").exists()


@pytest.mark.parametrize(
    ("choice", "labels"),
    [
        (Choice(), "DCBAA"),
        (Choice(label="A"), "AA"),
        (Choice(writer="Ada"), "BA"),
        (Choice(answer="right"), "A"),
        (Choice(answer="wrong"), "DBA"),
        (Choice(answer="unasked"), "C"),
        (Choice(label="A", answer="wrong"), "A"),
        (Choice(label="' OR 1 --"), ""),
        (Choice(numbers=(1, 3, 99)), "BA"),
        (Choice(writer="Ada", numbers=()), ""),
    ],
)
def test_samples_are_chosen(choice, labels):
    keep(written("A", read_as="A", model="m", writer="Ada"))
    keep(written("A", read_as="4", model="m"))
    keep(written("B", read_as="8", model="m", writer="Ada"))
    keep(written("C"))
    keep(written("D", model="m"))  # which took it for no character
    assert "".join(sample.label for sample in corrections.samples(choice)) == labels
    assert corrections.count(choice) == len(labels)
    assert [s.label for s in corrections.samples(choice, limit=1, first=1)] == list(labels[1:2])


def test_labels_are_counted_and_changed_and_deleted():
    numbers = [keep(written(label, writer="Ada")).id for label in "ABA"]
    assert corrections.overview().labels == {"A": 2, "B": 1}
    assert corrections.overview().writers == {"Ada": 3}
    before = corrections.revision()
    corrections.relabel(numbers[0], "B")
    assert corrections.overview().labels == {"B": 2, "A": 1}
    assert corrections.revision() != before
    assert corrections.delete(numbers[:2]) == 2
    assert [sample.label for sample in corrections.samples()] == ["A"]


def test_what_was_deleted_is_no_longer_in_the_files(places):
    kept = keep(written("A", writer="Unmistakable"))
    folder = places / "corrections"
    assert any(b"Unmistakable" in path.read_bytes() for path in folder.iterdir())
    corrections.delete([kept.id])
    assert not any(b"Unmistakable" in path.read_bytes() for path in folder.iterdir())


@pytest.mark.parametrize(
    "label", ["", "  ", "x" * 17, "a\x00", "\u2028", "\u200b", "\u202e\ufeff", "\u3164\u200b", "\u2800"]
)
def test_what_is_no_label_is_refused(label):
    with pytest.raises(DatasetError, match="what a character says"):
        keep(written("A", says=label))


def test_labels_are_composed():
    assert keep(written("A", says="A\u0308 ")).label == "Ä"


@pytest.mark.parametrize(("variable", "value"), [("HCR_COLLECT", "0"), ("HCR_PUBLIC", "1")])
def test_a_public_machine_collects_and_shows_nothing(monkeypatch, variable, value):
    keep(written("A"))
    assert collecting()
    assert "mine" in available()
    monkeypatch.setenv(variable, value)
    assert not collecting()
    assert "mine" not in available()
    with pytest.raises(DatasetError, match="switched off"):
        keep(written("A"))
    with pytest.raises(DatasetError):
        load("mine")
    with pytest.raises(DatasetError, match="switched off"):
        corrections.delete([1])
    with pytest.raises(DatasetError, match="switched off"):
        corrections.relabel(1, "B")
    monkeypatch.delenv(variable)
    assert [sample.label for sample in corrections.samples()] == ["A"]


def test_a_fifth_is_held_back_and_every_class_is_learned():
    for _ in range(6):
        for label in "ABCDEFGH":
            keep(written(label))
    parts = [(sample.label, sample.part) for sample in corrections.samples()]
    tests = sum(part == "test" for _, part in parts)
    assert 7 <= tests <= 9  # of 48
    assert {label for label, part in parts if part == "train"} == set("ABCDEFGH")


def test_they_are_a_data_set_like_any_other():
    for label in "RRRRRRБRR":
        if label == "Б":
            keep(Sample(np.full((28, 28), 7, np.uint8), "Б", origin="upload"))
        else:
            keep(written("R", writer="Ada"))
    mine = load("mine")
    assert list(mine.alphabet) == ["R", "Б"]
    assert mine.counts == {"R": 8, "Б": 1}
    assert set(mine.splits) == {"train", "test"}
    assert mine.images.shape == (9, 28, 28)
    for i in range(9):
        assert len(mine.strokes[i]) == (2 if mine.alphabet[mine.labels[i]] == "R" else 0)
        assert mine.writers[i] == ("Ada" if mine.strokes[i] else "")
    keep(written("R"))
    assert len(load("mine")) == 10
    assert len(mine) == 9
    assert len(mine.images[8]) == 28  # what is loaded stays


def test_its_name_is_taken(places):
    keep(written("R"))
    with pytest.raises(DatasetError, match="choose another name"):
        import_dataset(places / "any.csv", "mine")


def test_without_samples_it_is_not_there():
    assert "mine" not in available()
    with pytest.raises(DatasetError, match="there is nothing in 'mine' yet"):
        load("mine")


_WRITER = """
import sys
import numpy as np
from hcr_core.corrections import Sample, keep
for i in range(int(sys.argv[2])):
    keep(Sample(np.full((28, 28), i % 256, np.uint8), sys.argv[1], writer=str(i)))
    print(i, flush=True)
"""


def writer(label: str, count: int) -> subprocess.Popen:
    command = [sys.executable, "-c", _WRITER, label, str(count)]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, text=True)


def test_two_processes_write_at_once():
    """Both also make the database at once, as they begin."""
    both = [writer(label, 60) for label in "AB"]
    assert [process.wait(60) for process in both] == [0, 0]
    assert corrections.overview().labels == {"A": 60, "B": 60}
    for label in "AB":
        assert sorted(int(s.writer) for s in corrections.samples(Choice(label=label))) == list(range(60))


def test_a_writer_that_is_killed_leaves_whole_samples():
    process = writer("A", 100_000)
    for _ in range(30):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    said = 30 + len(process.stdout.read().split())
    process.wait()
    found = corrections.samples()
    # What it said was kept is there; of the next one, all or nothing.
    assert len(found) in (said, said + 1)
    assert [int(sample.writer) for sample in found[::-1]] == list(range(len(found)))
    assert all((sample.glyph == int(sample.writer) % 256).all() for sample in found)
    with sqlite3.connect(corrections.database()) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert keep(written("B")).id == len(found) + 1


def test_a_database_of_a_newer_program_is_left_alone():
    keep(written("A"))
    with sqlite3.connect(corrections.database()) as connection:
        connection.execute(f"PRAGMA user_version = {corrections.VERSION + 1}")
    with pytest.raises(DatasetError, match="newer version"):
        corrections.samples()


def test_what_is_no_database_is_said():
    corrections.database().parent.mkdir(parents=True)
    corrections.database().write_bytes(b"no database at all, but long enough to be looked at" * 20)
    with pytest.raises(DatasetError, match="cannot be used"):
        corrections.samples()


def test_a_drawing_becomes_strokes():
    line = {"type": "Path", "path": [["M", 1, 2], ["L", 3, 4.5]]}
    curve = {"type": "path", "path": [["M", 0, 0], ["Q", 5, 5, 7, 7], ["L", 9, 9]]}
    broken = [{"path": None}, {"path": [["M", "x", 1]]}, {"path": "M 0 0"}, "text", {"path": [["L", float("nan"), 1]]}]
    broken += [{"path": [command]} for command in ([["M"], 1, 2], ["M", 10**400, 1], ["L", 1e300, 1], ["X"], [None])]
    strokes = strokes_of([line, *broken, curve])
    assert [stroke.tolist() for stroke in strokes] == [[[1, 2], [3, 4.5]], [[0, 0], [5, 5], [7, 7], [9, 9]]]
