import gzip
import struct

import cv2
import numpy as np
import pytest
from conftest import drawn_ink, likeness

from hcr_core.alphabet import DIGITS, LOWERCASE, UPPERCASE
from hcr_core.datasets import DatasetError, load
from hcr_core.datasets.pen_alphabet import pen_strokes
from hcr_core.datasets.readers import read_emnist, read_idx
from hcr_core.datasets.registry import writer_splits
from hcr_core.datasets.strokes import render
from hcr_core.preprocessing import ink_to_glyph


def idx_bytes(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def test_idx_plain_and_gzipped(tmp_path):
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    (tmp_path / "a").write_bytes(idx_bytes(array))
    (tmp_path / "a.gz").write_bytes(gzip.compress(idx_bytes(array)))
    assert np.array_equal(read_idx(tmp_path / "a"), array)
    assert np.array_equal(read_idx(tmp_path / "a.gz"), array)


GOOD = idx_bytes(np.zeros((2, 3, 4), np.uint8))


@pytest.mark.parametrize(
    "data",
    [b"", b"\1" + GOOD[1:], GOOD[:2] + b"\x0d" + GOOD[3:], GOOD[:-1], GOOD + b"\0", GOOD[:9]],
    ids=["empty", "magic", "floats", "too short", "too long", "half a header"],
)
def test_a_bad_idx_is_refused(tmp_path, data):
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(DatasetError):
        read_idx(tmp_path / "a")


@pytest.mark.parametrize("cut", [30, 12])
def test_a_truncated_gz_is_refused(tmp_path, cut):
    (tmp_path / "a.gz").write_bytes(gzip.compress(GOOD)[:cut])
    with pytest.raises(DatasetError, match="cannot be read"):
        read_idx(tmp_path / "a.gz")


def test_emnist_is_put_upright_and_its_labels_are_characters(tmp_path):
    glyph = ink_to_glyph(drawn_ink("F"))
    (tmp_path / "images").write_bytes(idx_bytes(glyph.T[None]))
    (tmp_path / "labels").write_bytes(idx_bytes(np.array([1])))
    (tmp_path / "mapping").write_text("0 65\n1 70\n")
    images, labels = read_emnist(tmp_path / "images", tmp_path / "labels", tmp_path / "mapping")
    assert np.array_equal(images[0], glyph)
    assert labels.tolist() == ["F"]


def test_every_character_can_be_drawn_within_its_box():
    for label in DIGITS + UPPERCASE + LOWERCASE:
        points = np.concatenate(pen_strokes(label))
        assert np.isfinite(points).all()
        assert points.min() >= -5
        assert points.max() <= 141


def test_a_wider_pen_makes_more_ink_and_the_same_character():
    thin, wide = render(pen_strokes("S"), 40), render(pen_strokes("S"), 120)
    assert cv2.countNonZero(wide) > 2 * cv2.countNonZero(thin)
    assert likeness(ink_to_glyph(thin), ink_to_glyph(wide)) > 0.7


def test_a_dot_is_drawn_as_a_dot():
    ink = render([np.array([[5, 5]])], 100)
    assert 0 < cv2.countNonZero(ink) <= 15 * 15


def test_no_writer_is_in_two_splits_and_every_split_has_some():
    writers = np.array([f"writer {i % 200}" for i in range(1000)])
    splits = writer_splits(writers)
    for writer in set(writers):
        assert len(set(splits[writers == writer])) == 1
    assert set(splits) == {"train", "validation", "test"}
    assert 0.12 < (splits == "test").mean() < 0.3


@pytest.mark.parametrize(
    ("name", "split", "reason"),
    [("nothing", "train", "unknown"), ("emnist62", "validation", "no split"), ("emnist62", "train", "HCR_DATA_DIR")],
)
def test_what_cannot_be_had_is_said(tmp_path, monkeypatch, name, split, reason):
    monkeypatch.setenv("HCR_DATA_DIR", str(tmp_path))
    with pytest.raises(DatasetError, match=reason):
        load(name, split)


@pytest.mark.parametrize(
    ("name", "split", "count"),
    [("emnist62", "train", 165_550), ("emnist62", "test", 19_793), ("paper_chars", "test", 1_159)],
)
def test_real_data_is_found(handwriting, name, split, count):
    dataset = load(name, split)
    assert len(dataset) == count
    assert len(set(dataset.labels.tolist())) == 62


def test_unipen_writers_are_apart(handwriting):
    parts = {split: load("unipen", split) for split in ("train", "validation", "test")}
    assert sum(map(len, parts.values())) == 64_232
    writers = {split: set(part.samples.writers[part.indices]) for split, part in parts.items()}
    assert not writers["train"] & writers["test"]
    assert not writers["validation"] & (writers["train"] | writers["test"])


def test_real_emnist_is_upright(handwriting, recognizer):
    """A wrong orientation would halve this; 88 % are right upright."""
    dataset = load("emnist62", "test")
    best = recognizer.classify(dataset.samples[:1000]).argmax(axis=1)
    assert (best == dataset.labels[:1000]).mean() > 0.85
