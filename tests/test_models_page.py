"""Each view of the Models page on the bundled sets, and what its tables and galleries are made of."""

import json
import shutil
import threading
from dataclasses import replace

import numpy as np
import pytest
from conftest import page_at
from streamlit.testing.v1 import AppTest

from hcr_core import Recognizer, model_store, robustness_results
from hcr_core.alphabet import Alphabet
from hcr_core.calibration import Reliability, expected_calibration_error, rejection_curve
from hcr_core.datasets import load
from hcr_core.evaluation import Answers
from hcr_core.evaluation_results import Evaluation
from hcr_core.matching import Match
from hcr_core.robustness import PERTURBATIONS
from ui.evaluate import robustness
from ui.evaluate.calibration import verdict
from ui.evaluate.figures import reliability_diagram
from ui.evaluate.gallery import answer_table, ordered
from ui.evaluate.leaderboard import headline
from ui.evaluate.work import shared_result
from ui.shares import precisely

pytestmark = pytest.mark.usefixtures("only_characters")

VIEWS = ["Leaderboard", "Confusion", "Report", "Answers", "Calibration", "Robustness", "Card"]


@pytest.fixture(autouse=True)
def folders(tmp_path_factory, monkeypatch):
    """A machine with the shipped model only, with one cache for all of these tests."""
    shared = tmp_path_factory.getbasetemp() / "models-page"
    for name in ("DATA", "CACHE", "IMPORTED", "MODELS"):
        monkeypatch.setenv(f"HCR_{name}_DIR", str(shared / name.lower()))


@pytest.fixture(autouse=True)
def few_changes(monkeypatch):
    """A dozen images are changed, and not very much: seconds for each of these tests otherwise."""
    monkeypatch.setattr(robustness, "_IMAGES", {"12": "12"})
    few = {name: replace(PERTURBATIONS[name], levels=PERTURBATIONS[name].levels[:2]) for name in PERTURBATIONS}
    monkeypatch.setattr(robustness, "PERTURBATIONS", few)
    monkeypatch.setattr(robustness_results, "PERTURBATIONS", few)


@pytest.fixture
def own_models(tmp_path, monkeypatch):
    """A store with a copy of the shipped model, and a damaged one."""
    monkeypatch.setenv("HCR_MODELS_DIR", str(tmp_path))
    for name in ("twin", "damaged"):
        shutil.copytree(model_store.SHIPPED / "characters", tmp_path / name)
    (tmp_path / "damaged" / "model.tflite").write_bytes(b"nothing")


def models(**parameters: str) -> AppTest:
    """The Models page at an address."""
    return page_at("pages/models.py", **parameters)


def words(at: AppTest) -> str:
    assert not at.exception, at.exception[0].message
    return " ".join(str(element.value) for element in [*at.markdown, *at.caption, *at.subheader, *at.info, *at.header])


@pytest.fixture(scope="module")
def expected():
    """What the shipped model reads of the bundled digits, found without the page."""
    model, digits = Recognizer.load(), load("digits", "test")
    probabilities = model.classify(np.asarray(digits.images))[:, :10]
    return digits, probabilities.argmax(axis=1)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_there_at_its_address_and_again(view):
    at = models(show=view, data="digits")
    first = words(at)
    assert first
    assert not at.error
    assert at.button_group(key="show").value == view
    assert words(at.run()) == first


def test_the_leaderboard_has_every_model_and_names_the_damaged_one(own_models, expected):
    at = models(data="digits")
    table = at.dataframe[0].value
    digits, predicted = expected
    assert table["model"].tolist() == ["characters", "twin"]
    assert table["accuracy"].tolist() == pytest.approx([100 * (predicted == digits.labels).mean()] * 2, abs=0.01)
    assert '"format": "%.1f %%"' in at.dataframe[0].proto.columns
    assert '"format": "percent"' not in at.dataframe[0].proto.columns
    assert "folded" not in table  # digits have no case
    assert "damaged" in at.error[0].value
    assert "359 images" in words(at)


def test_models_can_be_chosen(own_models):
    at = models(data="digits", models="twin")
    assert at.dataframe[0].value["model"].tolist() == ["twin"]


def test_characters_can_be_chosen(expected):
    at = models(data="synthetic", characters="capitals")
    table = at.dataframe[0].value
    assert at.button_group(key="characters").value == "uppercase"
    assert "520 images" in words(at)  # 20 of each letter
    assert 80 < table["accuracy"][0] <= 100


def test_a_model_may_answer_with_anything_it_knows():
    held, free = (
        models(data="digits", answers=a).dataframe[0].value for a in ("what the data has", "anything it knows")
    )
    assert free["accuracy"][0] < held["accuracy"][0]


def test_the_tutorials_figures_stand_below():
    at = models(data="digits")
    table = at.dataframe[1].value
    assert "over 97 %" in table["published"].tolist()
    # No model here has one of their networks.
    assert "here" not in table
    assert "published" not in at.dataframe[0].value
    assert "None of the models above has one of these networks" in words(at)


SURE, UNSURE = (0.97, 0.99, (0.96, 0.98)), (0.955, 0.98, (0.94, 0.965))


@pytest.mark.parametrize(
    ("shares", "sentence"),
    [
        ({"digits": SURE}, "The model **digits** reads 97.0 % of 900 images right"),
        ({"digits": SURE, "b": (0.9, 0.95, (0.88, 0.92))}, "The model **digits** reads 97.0 % of 900 images right"),
        ({"digits": SURE, "b": UNSURE}, "The models **digits** and **b** cannot be told apart on 900 images"),
        ({"digits": SURE, "b": (0.9697, 0.99, (0.96, 0.98))}, "they read 97.0 % right"),
        ({"a": SURE, "b": SURE, "c": SURE, "d": UNSURE, "e": UNSURE, "f": UNSURE}, "**c**, **d** and 2 more cannot"),
    ],
    ids=["one", "apart", "overlapping", "equal in print", "many"],
)
def test_a_winner_is_named_only_where_it_can_be_told(shares, sentence):
    text = headline(shares, 900, "digits, test")
    assert sentence in text
    assert "the data set digits, test" in text


def test_images_that_a_model_learned_from_are_said_to_be_such(own_models):
    card = json.loads((model_store.user_store() / "twin" / "card.json").read_text())
    card["data"].append({"name": "digits"})
    (model_store.user_store() / "twin" / "card.json").write_text(json.dumps(card))
    at = models(data="digits", part="train")
    assert "and no measure of others: **twin**." in at.markdown[0].value
    assert at.dataframe[0].value.set_index("model")["learned"].to_dict() == {"characters": "", "twin": "these images"}
    assert "right that it learned from" in models(data="digits", part="train", models="twin").markdown[0].value
    at = models(data="digits", part="test")
    assert "earned from" not in at.markdown[0].value
    assert "learned" not in at.dataframe[0].value


def test_the_leaders_confusion_is_shown_first_until_another_is_chosen(own_models):
    at = models(data="digits", models="twin")
    at.button_group(key="show").set_value("Confusion").run()
    assert at.selectbox(key="model").value == "twin"
    assert at.query_params["model"] == "twin"  # for a colleague, who sees another leaderboard
    at.selectbox(key="model").set_value("characters").run()
    for view in ("Leaderboard", "Answers"):
        at.button_group(key="show").set_value(view).run()
    assert at.selectbox(key="model").value == "characters"


def test_a_cell_of_the_address_is_shown(expected):
    digits, predicted = expected
    at = models(show="Confusion", data="digits", truth="9", read_as="9")
    count = int(((digits.labels == 9) & (predicted == 9)).sum())
    assert f"**{count}** of {int((digits.labels == 9).sum())} images of nine are read right" in words(at)


def test_the_most_frequent_mistake_comes_first_and_the_next_is_a_click_away(expected):
    digits, predicted = expected
    counts = np.bincount(digits.labels * 10 + predicted, minlength=100).reshape(10, 10)
    np.fill_diagonal(counts, 0)
    row, column = divmod(int(counts.argmax()), 10)
    at = models(show="Confusion", data="digits")
    assert (at.selectbox(key="truth").value, at.selectbox(key="read_as").value) == (str(row), str(column))
    second = at.button(key="frequent-1")
    truth, read_as = second.label.split(" · ")[0].split(" → ")
    second.click().run()
    assert f"**{counts[int(truth), int(read_as)]}** of" in words(at)


def test_the_report_has_every_class_and_its_averages(expected):
    digits, predicted = expected
    table = models(show="Report", data="digits").dataframe[0].value.set_index("class")
    assert list(table.index[:2]) == ["macro average", "weighted average"]
    assert table["recall"]["3"] == pytest.approx(100 * (predicted[digits.labels == 3] == 3).mean())
    assert table["support"]["3"] == (digits.labels == 3).sum()


def test_the_reports_classes_stay_in_sight_and_its_shares_have_one_decimal():
    columns = json.loads(models(show="Report", data="digits").dataframe[0].proto.columns)
    assert (columns["class"]["pinned"], columns["class"]["width"]) == (True, 135)
    assert {columns[name]["type_config"]["format"] for name in ("precision", "recall", "f1")} == {"%.1f %%"}


def test_the_nist_documents_table_stands_beside_capitals_only():
    capitals = models(show="Report", data="synthetic", characters="capitals", table="mistaken for what")
    table = capitals.dataframe[0].value.set_index("character")
    assert table["published_accuracy"]["A"] == pytest.approx(100 * 2696 / 2774)
    assert table["published_mistaken_for"]["A"].split() == list("BHKNRX")
    everything = models(show="Report", data="synthetic", table="mistaken for what").dataframe[0].value
    assert "published_accuracy" not in everything


def test_worst_classes_first():
    table = models(show="Report", data="synthetic", table="mistaken for what", rows="worst first").dataframe[0].value
    assert table["accuracy"].is_monotonic_increasing


def test_answers_can_be_narrowed_to_a_class(expected):
    digits, predicted = expected
    at = models(show="Answers", data="digits", which="right", of="7")
    count = int(((predicted == 7) & (digits.labels == 7)).sum())
    assert f"{count} fit the choice" in words(at)


def test_an_address_with_nonsense_is_the_page_as_it_begins():
    at = models(show="<b>", data="../etc", part="-1", models="none", truth="?", characters="x")
    assert words(at)
    assert not at.error
    assert at.button_group(key="show").value == "Leaderboard"


def test_the_card_of_a_model_of_ones_own_says_how_long_it_learned(tmp_path, own_models):
    path = tmp_path / "twin" / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    card["training"] = {"recipe": {"epochs": 40}, "best_epoch": 2}
    # Stopped after the third of 40.
    card["history"] = [{"epoch": epoch, "accuracy": 0.5, "val_accuracy": 0.5} for epoch in (1, 2, 3)]
    path.write_text(json.dumps(card), encoding="utf-8")
    text = words(models(show="Card", model="twin"))
    assert "Trained for 3 epochs" in text
    assert "UNIPEN" in text
    # Stopped in the first, and a model made of what it knew.
    card |= {"training": {"recipe": {"epochs": 40}, "best_epoch": 0}, "history": []}
    path.write_text(json.dumps(card), encoding="utf-8")
    assert "Trained for less than an epoch" in words(models(show="Card", model="twin"))


@pytest.mark.parametrize("cell", [{"truth": ""}, {"truth": "3"}, {"truth": "Q", "read_as": "3"}])
def test_half_a_cell_in_the_address_is_no_error(cell):
    at = models(show="Confusion", data="digits", **cell)
    assert "Most frequent mistakes" in words(at)
    assert not at.error


def test_a_data_set_that_no_model_knows_is_said_to_be_one(tmp_path, monkeypatch):
    from hcr_core.datasets import import_dataset

    monkeypatch.setenv("HCR_IMPORTED_DIR", str(tmp_path / "imported"))
    np.savez(
        tmp_path / "own.npz", images=np.eye(4, dtype=np.uint8)[None].repeat(10, 0), labels=np.array(["α", "β"] * 5)
    )
    import_dataset(tmp_path / "own.npz", "greek")
    at = models(data="greek")
    assert "None of these models can read these images" in words(at)
    assert "no class in common" in words(at)
    for view in ("Confusion", "Report", "Answers"):
        assert "no class in common" in words(models(data="greek", show=view))


def test_calibration_is_that_of_the_models_answers(expected):
    digits, predicted = expected
    probabilities = Recognizer.load().classify(np.asarray(digits.images))[:, :10].astype(float)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    sure, right = probabilities.max(axis=1), predicted == digits.labels
    at = models(show="Calibration", data="digits")
    assert f"off by {precisely(expected_calibration_error(sure, right))}" in words(at)
    refused, threshold = rejection_curve(sure, right).at_accuracy(0.98)
    assert at.dataframe[0].value["98.0 %"][0] == f"{precisely(refused)} ({precisely(threshold)})"


def test_every_change_has_a_curve_for_every_model(own_models):
    at = models(show="Robustness", data="digits", change="all of them")
    words(at)
    figures = [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]
    assert len(figures) == len(PERTURBATIONS)
    assert all([line["name"] for line in figure["data"]] == ["characters", "twin"] for figure in figures)
    assert all(len(line["x"]) == 2 for figure in figures for line in figure["data"])


def test_examples_of_the_change_stand_below():
    assert "12 images of digits, test were changed" in words(models(show="Robustness", data="digits", change="blur"))


@pytest.mark.parametrize(
    ("claimed", "right", "images", "sentence"),
    [
        ([0.9], [0.88], 100, "as sure as it should be, as far as so many images can tell: off by 2.0 %"),
        ([0.9], [0.88], 10_000, "too sure of itself: off by 2.0 % on average, by chance alone up to 0."),
        ([0.9], [0.92], 10_000, "right more often than it claims: off by 2.0 %"),
        ([0.5, 0.9], [0.55, 0.85], 10_000, "too sure of some answers and not sure enough of others: off by 5.0 %"),
    ],
    ids=["few images", "too sure", "too modest", "both"],
)
def test_calibration_is_judged_by_what_chance_gives(claimed, right, images, sentence):
    found = Reliability(np.empty(0), np.full(len(claimed), images), np.array(claimed), np.array(right))
    assert sentence in verdict(found)


def test_a_handful_of_images_does_not_bend_the_curve():
    found = Reliability(np.empty(0), np.array([500, 0, 3]), np.array([0.5, np.nan, 0.9]), np.array([0.5, np.nan, 0.3]))
    _, curve, few = reliability_diagram({"twin": found}).data
    assert (curve.mode, list(curve.x), few.mode, list(few.x)) == ("lines+markers", [0.5], "markers", [0.9])
    assert not few.showlegend


@pytest.fixture
def evaluation() -> Evaluation:
    """Five images of A, B and b: right, wrong by little, wrong by much, wrong but in shape, and surely right."""
    alphabet = Alphabet.from_text("ACc")
    matched = Match(alphabet, np.ones(3, bool), None, np.arange(10, 15), np.array([0, 0, 0, 1, 2]), (), 0)
    first_two = np.array([[0, 1], [1, 0], [2, 0], [2, 1], [2, 1]])
    probabilities = np.array([[0.7, 0.2], [0.4, 0.3], [0.9, 0.1], [0.8, 0.2], [1.0, 0.0]])
    return Evaluation(matched, Answers(first_two, probabilities, probabilities[:, 0]), 0.001)


@pytest.mark.parametrize(
    ("which", "order", "truths", "rows"),
    [
        ("all", "sure", [], [2, 3, 1, 4, 0]),  # the wrong ones first, the surest of them first
        ("all", "unsure", [], [1, 3, 2, 0, 4]),
        ("wrong", "sure", [], [2, 3, 1]),
        ("shape", "sure", [], [2, 1]),  # C and c look alike
        ("right", "sure", [], [4, 0]),
        ("wrong", "sure", ["C"], [3]),
    ],
)
def test_the_order_of_answers(evaluation, which, order, truths, rows):
    assert ordered(evaluation, which, order, truths).tolist() == rows


def test_the_table_of_answers_says_which_image(evaluation):
    first = answer_table(evaluation, ordered(evaluation, "all", "sure", [])).iloc[0]
    assert (first["index"], first["label"], first["predicted"], first["second"]) == (12, "A", "c", "A")
    assert first["right"] == np.False_


@pytest.mark.parametrize(
    ("share", "text"),
    [(1.0, "100.0 %"), (0.99996, "> 99.9 %"), (0.9028, "90.3 %"), (0.0001, "< 0.1 %"), (0.0, "0.0 %")],
)
def test_shares_never_claim_certainty(share, text):
    assert precisely(share) == text


def test_a_computation_is_done_once_for_all_who_ask():
    release, calls, got = threading.Event(), [], []

    def compute(progress):
        calls.append(1)
        progress(0.5)
        release.wait(5)
        return "done"

    def ask():
        shares = []
        got.append((shared_result("once", compute, shares.append), shares))

    visitors = [threading.Thread(target=ask) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    threading.Timer(0.6, release.set).start()
    for visitor in visitors:
        visitor.join(5)
    assert len(calls) == 1
    assert [result for result, _ in got] == ["done"] * 3
    assert all(0.5 in shares for _, shares in got)


def test_an_interrupted_visitor_finds_the_work_going_on():
    release, calls = threading.Event(), []

    class InterruptedScriptError(Exception):
        pass

    def compute(progress):
        calls.append(1)
        release.wait(5)
        return 7

    def leave(share):
        raise InterruptedScriptError

    with pytest.raises(InterruptedScriptError):
        shared_result("left", compute, leave)
    release.set()
    assert shared_result("left", compute, leave) == 7
    assert len(calls) == 1


def test_what_failed_is_raised_and_tried_again():
    outcomes = [ValueError("at first"), 3]

    def compute(progress):
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    with pytest.raises(ValueError, match="at first"):
        shared_result("failing", compute, lambda share: None)
    assert shared_result("failing", compute, lambda share: None) == 3
