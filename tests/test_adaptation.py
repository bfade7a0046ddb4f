"""A model learns one hand more: what it is shown, what holds it back, and what its card says of it."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import drawn_ink

from hcr_core import corrections
from hcr_core.corrections import Sample
from hcr_core.datasets import load
from hcr_core.datasets.pen_alphabet import pen_strokes
from hcr_core.model_store import open_model
from hcr_core.preprocessing import ink_to_glyph
from hcr_core.training import adaptation_data
from hcr_core.training.adaptation_data import adaptation, gather, known_samples, rehearsed, remembers
from hcr_core.training.augmentation import STRENGTHS
from hcr_core.training.config import TrainingConfig, TrainingError
from hcr_core.training.result import chosen_by
from hcr_core.training.samples import Rehearsal


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    for name in ("CORRECTIONS", "IMPORTED", "DATA", "MODELS", "RUNS"):
        monkeypatch.setenv(f"HCR_{name}_DIR", str(tmp_path / name.lower()))
    return tmp_path


def write(text: str, writer: str = "") -> None:
    for label in text:
        glyph = ink_to_glyph(drawn_ink(label if label.isascii() else "A"))
        strokes = tuple(pen_strokes(label)) if label.isascii() else ()
        corrections.keep(Sample(glyph, label, origin="sheet", writer=writer, strokes=strokes))


def test_a_run_is_written_and_read(tmp_path):
    config = adaptation("ada", "characters", writer="Ada", store=str(tmp_path))
    assert (config.base, config.writer, config.data) == ("characters", "Ada", ("mine",))
    config.write(tmp_path / "config.json")
    assert TrainingConfig.read(tmp_path / "config.json") == config


def test_the_card_claims_no_choice_that_nobody_made():
    adapted = adaptation("ada", "characters")
    assert chosen_by(adapted, 10) == "nothing: it is the last"
    assert chosen_by(adapted, 0) == "nothing: no epoch was complete"
    assert "validation samples" in chosen_by(TrainingConfig.of("new", ("digits",), "mlp-256"), 3)


def test_a_name_that_cannot_be():
    with pytest.raises(TrainingError, match="no name for a model"):
        adaptation("a/b", "characters")


def test_only_a_writers_samples_of_known_characters_are_learned():
    write("ABC" * 8, "Ada")
    write("XYZ" * 8, "Bob")
    write("ЖЩ", "Ada")
    data = gather(adaptation("ada", "characters", writer="Ada"))
    labels = [data.alphabet[i] for _, rows in data.parts for i in data.parts[0][0].labels[rows]]
    assert data.alphabet == open_model("characters").alphabet
    assert set(labels) == set("ABC")
    assert data.samples + len(data.labels) == 24
    assert len(data.labels) > 0
    everyone = gather(adaptation("all", "characters"))
    assert everyone.samples + len(everyone.labels) == 48


def test_what_the_store_holds_back_is_not_learned():
    write("ABCDE" * 10)
    mine = load("mine")
    data = gather(adaptation("ada", "characters"))
    (_, rows) = data.parts[0]
    assert (mine.split[rows] == "train").all()
    assert len(data.labels) == mine.splits["test"]


def test_where_nothing_is_held_back_a_fifth_is():
    write("ABCDEFGHIJKLMNOPQRSTUVWXYZ")  # of one sample each none is
    data = gather(adaptation("ada", "characters"))
    assert (data.samples, len(data.labels)) == (21, 5)


def test_few_samples_are_too_few():
    write("ABCDEFGHIJKLMNOPQRS", "Ada")
    write("TUVWXYZ", "Bob")
    with pytest.raises(TrainingError, match="takes 20 samples of Ada"):
        gather(adaptation("ada", "characters", writer="Ada"))


def test_without_the_original_data_characters_drawn_by_code_are_rehearsed():
    parts = rehearsed(open_model("characters").card, ("mine",))
    assert [dataset.name for dataset, _ in parts] == ["synthetic"]
    assert rehearsed({"data": [{"name": "digits"}]})[0][0].images.shape == (1438, 28, 28)
    assert rehearsed({"data": [{"name": "digits"}]}, ("digits",))[0][0].name == "synthetic"


def test_whether_anything_is_here_that_a_model_learned_from():
    assert remembers({"data": [{"name": "gone"}, {"name": "digits"}]})
    assert not remembers({"data": [{"name": "gone"}]})
    assert not remembers({})


def test_other_peoples_pens_are_rehearsed_only_without_scans(monkeypatch):
    monkeypatch.setattr(adaptation_data, "available", lambda: ["digits", "unipen"])
    monkeypatch.setattr(adaptation_data, "load", lambda name, split: replace(load("digits", split), name=name))

    def names(*known: str) -> list[str]:
        return [dataset.name for dataset, _ in rehearsed({"data": [{"name": name} for name in known]})]

    assert names("digits", "unipen", "gone") == ["digits"]
    assert names("unipen") == ["unipen"]


def test_known_samples_are_those_the_model_has_classes_for():
    write("A1Ж")
    mine = load("mine")
    rows = known_samples(open_model("characters").alphabet, mine, None)
    assert {mine.alphabet[i] for i in mine.labels[rows]} == {"A", "1"}


def test_batches_have_their_share_of_the_new_and_all_its_classes_alike():
    digits, synthetic = load("digits", "train"), load("synthetic", "train")
    rows = np.concatenate([np.flatnonzero(digits.labels == 0)[:30], np.flatnonzero(digits.labels == 1)[:3]])
    others = [(synthetic, np.arange(len(synthetic)))]
    batches = Rehearsal([(digits, rows)], others, 40, 25, 0.25, 1, STRENGTHS["light"])
    assert (len(batches), batches.samples) == (25, 1000)
    labels = np.concatenate([labels for _, labels in batches.epoch(1)])
    assert (np.bincount(labels + 1, minlength=3)[0], len(labels)) == (750, 1000)
    assert 80 < (labels == 0).sum() < 170  # half of 250, though there are ten times as many
    again = [labels.tolist() for _, labels in batches.epoch(1, 23)]
    assert again == labels.reshape(25, 40)[23:].tolist()


def test_what_is_rehearsed_of_images_is_shown_as_it_is():
    digits = load("digits", "train")
    part = (digits, np.arange(100))
    batches = Rehearsal([part], [part], 32, 3, 0.25, 1, STRENGTHS["full"])
    known = {image.tobytes() for image in digits.images[:100]}
    for glyphs, labels in batches.epoch(1):
        assert all(glyph.tobytes() in known for glyph in glyphs[labels == -1])
