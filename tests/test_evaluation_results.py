"""Answers kept on disk: found again by model and images, made anew where either is another or the file is damaged."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss

from hcr_core import evaluation_results
from hcr_core.alphabet import Alphabet
from hcr_core.datasets import Dataset, DatasetError
from hcr_core.datasets.places import evaluations_folder
from hcr_core.evaluation import wilson_interval
from hcr_core.evaluation_results import evaluated, fingerprint, load_result, result_key, save_result
from hcr_core.published_results import PUBLISHED_LETTERS, PUBLISHED_RESULTS
from hcr_core.training.architectures import ARCHITECTURES

ABC = Alphabet.from_text("ABC")


class Reader:
    """A model that says of each image what its first pixel tells it to, and counts what it was shown."""

    def __init__(self, probabilities: np.ndarray, checksum: str = "1", alphabet: Alphabet = ABC):
        self.alphabet, self.seen, self._probabilities = alphabet, 0, probabilities
        self.card = {"files": {"model.tflite": checksum}}

    def classify(self, glyphs: np.ndarray) -> np.ndarray:
        self.seen += len(glyphs)
        return self._probabilities[glyphs[:, 0, 0]].astype(np.float32)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HCR_CACHE_DIR", str(tmp_path))


@pytest.fixture
def data() -> Dataset:
    rng = np.random.default_rng(1)
    images = np.zeros((200, 28, 28), np.uint8)
    images[:, 0, 0] = np.arange(200)
    return Dataset("own", images, rng.integers(0, 3, 200), ABC, np.full(200, "test"))


@pytest.fixture
def probabilities() -> np.ndarray:
    return np.random.default_rng(2).dirichlet(np.ones(3), 200)


def test_the_second_time_nothing_is_read_and_all_is_the_same(data, probabilities):
    first = evaluated(Reader(probabilities), data)
    idle = Reader(probabilities)
    again = evaluated(idle, data)
    assert idle.seen == 0
    assert again.report.figures == first.report.figures
    assert np.array_equal(again.predicted, first.predicted)
    assert np.array_equal(again.probability, first.probability)
    assert again.calibration_error == first.calibration_error
    assert again.seconds == first.seconds > 0


def test_what_is_kept_has_scikit_learns_figures(data, probabilities):
    evaluated(Reader(probabilities), data)
    kept = evaluated(Reader(probabilities), data)
    predicted = probabilities.argmax(axis=1)
    assert kept.report.figures["accuracy"] == pytest.approx(accuracy_score(data.labels, predicted), abs=1e-4)
    assert kept.report.figures["loss"] == pytest.approx(log_loss(data.labels, probabilities), abs=1e-4)
    assert np.array_equal(kept.right, predicted == data.labels)


@pytest.mark.parametrize("change", ["model", "labels", "image", "name", "classes", "restriction"])
def test_another_question_is_answered_anew(data, probabilities, change):
    evaluated(Reader(probabilities), data)
    reader, choice = Reader(probabilities, "2" if change == "model" else "1"), {}
    if change == "labels":
        data = replace(data, labels=(data.labels + 1) % 3)
    if change == "image":
        images = data.images.copy()
        images[17, 5, 5] = 1
        data = replace(data, images=images)
    if change == "name":
        data = replace(data, name="other")
    if change == "classes":
        data = replace(data, alphabet=Alphabet.from_text("CBA"))
    if change == "restriction":
        choice = {"kind": "uppercase"}
    evaluated(reader, data, **choice)
    assert reader.seen > 0


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no archive", None])
def test_a_damaged_file_is_read_anew(data, probabilities, damage):
    first = evaluated(Reader(probabilities), data)
    (file,) = evaluations_folder().glob("*.npz")
    file.write_bytes(file.read_bytes()[:200] if damage is None else damage)
    reader = Reader(probabilities)
    assert evaluated(reader, data).report.figures == first.report.figures
    assert reader.seen >= 200
    idle = Reader(probabilities)
    evaluated(idle, data)
    assert idle.seen == 0  # the file is whole again


def test_answers_to_other_images_are_not_taken_for_these(data, probabilities):
    reader = Reader(probabilities)
    key = result_key(reader, fingerprint(data), "all", False)
    save_result(key, first_two=np.zeros((3, 2), np.int32), probabilities=np.ones((3, 2)), truth=np.ones(3), seconds=1)
    assert len(evaluated(reader, data).right) == 200


def test_where_nothing_can_be_written_there_are_figures_all_the_same(data, probabilities, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("HCR_CACHE_DIR", str(tmp_path / "file"))
    assert len(evaluated(Reader(probabilities), data).right) == 200


def test_what_was_not_used_for_longest_goes_first(monkeypatch):
    monkeypatch.setattr(evaluation_results, "_MOST", 3)
    for i in range(5):
        save_result(f"{i}", value=np.array(i))
    assert len(list(evaluations_folder().glob("*.npz"))) == 3
    assert load_result("4")["value"] == 4


def test_progress_reaches_the_end(data, probabilities):
    shares = []
    evaluated(Reader(probabilities), data, progress=shares.append)
    assert shares[-1] == 1.0


def test_nothing_in_common_is_an_error(data, probabilities):
    with pytest.raises(DatasetError, match="no class in common"):
        evaluated(Reader(probabilities, alphabet=Alphabet.from_text("012")), data)


def test_wilsons_interval():
    # Newcombe 1998 (Statistics in Medicine 17:857), table I: 81 of 263 and 0 of 20, without continuity correction.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


def test_published_letters_add_up_as_their_document_says():
    assert "".join(PUBLISHED_LETTERS) == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert sum(letter.attempts for letter in PUBLISHED_LETTERS.values()) == 74_491
    assert sum(letter.right for letter in PUBLISHED_LETTERS.values()) == 71_277
    assert all(label not in letter.mistaken_for for label, letter in PUBLISHED_LETTERS.items())
    assert PUBLISHED_LETTERS["F"].accuracy == pytest.approx(0.901, abs=1e-3)


def test_published_results_are_of_networks_that_there_are():
    assert {result.network for result in PUBLISHED_RESULTS} <= set(ARCHITECTURES)
