"""Letters cut out of words of pen strokes."""

import numpy as np
import pytest

from hcr_core.datasets.pen_alphabet import pen_strokes
from hcr_core.datasets.splits import writer_splits
from hcr_core.datasets.strokes import PenStrokes, render
from hcr_core.preprocessing import ink_to_glyph
from hcr_core.training.grouping_data import unipen_words
from hcr_core.training.word_letters import letters_of, word_letters


def word(text: str, *, joined: bool = False) -> list[np.ndarray]:
    """A word 200 units high; ``joined``: without lifting the pen between its letters."""
    strokes, x = [], 0.0
    for letter in text:
        parts = [2 * stroke for stroke in pen_strokes(letter)]
        across = np.concatenate(parts)[:, 0]
        strokes += [stroke - [across.min(), 0] + [x, 0] for stroke in parts]
        x += np.ptp(across) + 50
    return [np.concatenate(strokes)] if joined else strokes


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("hand", False),
        ("lunch", False),  # u and n are alike but for where they are open
        ("KID", False),  # a capital i is a bar
        ("line", False),  # a dot is a stroke of its own
        ("luc", True),  # every letter leads into the next
    ],
)
def test_letters_are_cut_where_the_text_says(recognizer, text, joined):
    letters = letters_of(recognizer, text, word(text, joined=joined))
    assert "".join(letter.label for letter in letters) == text
    glyphs = np.stack([ink_to_glyph(render(letter.strokes, 60)) for letter in letters])
    found = [recognizer.alphabet[i] for i in recognizer.classify(glyphs).argmax(axis=1)]
    alike = [a == b or b in recognizer.alphabet.lookalikes(a) for a, b in zip(text, found, strict=True)]
    assert np.mean(alike) >= (0.6 if joined else 1.0)
    middles = [np.concatenate(letter.strokes)[:, 0].mean() for letter in letters]
    assert middles == sorted(middles)


def test_every_point_is_of_one_letter_at_most(recognizer):
    strokes = word("hand", joined=True)
    parts = [part for letter in letters_of(recognizer, "hand", strokes) for part in letter.strokes]
    lengths = [np.hypot(*np.diff(part, axis=0).T).sum() for part in parts]
    assert 0.8 * _length(strokes) <= sum(lengths) <= _length(strokes)


def _length(strokes: list[np.ndarray]) -> float:
    return sum(np.hypot(*np.diff(stroke, axis=0).T).sum() for stroke in strokes)


def test_a_text_that_cannot_be_found_gives_no_letters(recognizer):
    assert letters_of(recognizer, "wonderful", word("l")) == []


def saved(path, texts: list[str], writers: list[str], **more: np.ndarray) -> None:
    strokes = PenStrokes.from_samples([word(text) for text in texts], np.array(texts), np.array(writers))
    names, numbers = np.unique(strokes.writers, return_inverse=True)
    np.savez(
        path,
        points=strokes.points,
        stroke_lengths=np.diff(strokes.stroke_starts),
        stroke_offsets=strokes.sample_starts,
        labels=strokes.labels,
        writers=numbers,
        writer_names=names,
        **more,
    )


@pytest.fixture
def collection(tmp_path, monkeypatch):
    """Words of writers some of whom gave characters under another name, and the writers' parts by that name."""
    folder = tmp_path / "unipen"
    folder.mkdir()
    names = np.array([f"cea/person{i}" for i in range(60)])
    saved(folder / "unipen_chars.npz", ["a"] * 60, names.tolist())
    words = [name.replace("cea", "cec") for name in names.tolist()]
    saved(folder / "unipen_words.npz", ["hand"] * 60, words, styles=np.array(["CURSIVE"] * 60))
    monkeypatch.setenv("HCR_DATA_DIR", str(tmp_path))
    return folder / "unipen_words.npz", dict(zip(words, writer_splits(names), strict=True))


def test_nobody_is_learnt_from_who_is_tested_on_under_another_name(collection):
    path, parts = collection
    learnt = [writer for split in ("train", "held") for *_, writer in unipen_words(path, split, ("CURSIVE",))]
    tested = [writer for *_, writer in unipen_words(path, "test", ("CURSIVE",))]
    assert {parts[writer] for writer in learnt} == {"train"}
    assert {parts[writer] for writer in tested} == {"test"}


def test_letters_of_all_words_to_learn_from_are_as_high_as_single_ones(recognizer, collection):
    letters = word_letters(recognizer)
    path, _ = collection
    assert set(letters.writers) == {writer for *_, writer in unipen_words(path, "train", ("CURSIVE",))}
    assert set(letters.labels) == set("hand")
    assert all(np.ptp(np.concatenate(letters[i]), axis=0).max() == 1000 for i in range(len(letters)))
