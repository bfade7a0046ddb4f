"""Which model the Recognize page reads with, and which kinds of characters it then offers."""

import shutil

import pytest
from streamlit.testing.v1 import AppTest
from test_pages import app, shown

from hcr_core.model_store import SHIPPED, open_folder, save_model


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Models of each test alone."""
    monkeypatch.setenv("HCR_MODELS_DIR", str(tmp_path / "models"))
    return tmp_path


@pytest.fixture
def digits_model(places):
    """A model of one's own that knows the digits only: the shipped network, its other classes renamed away."""
    model = open_folder(SHIPPED / "characters")
    classes = [label if label.isdecimal() else f"_{i}" for i, label in enumerate(model.card["classes"])]
    files = {name: model.read(name) for name in model.card["files"]}
    save_model(places / "models", "mine", model.card | {"classes": classes}, files)


def kinds(at: AppTest) -> list[str]:
    control = next(c for c in at.button_group if c.label == "Read it as")
    return [option.content for option in control.proto.options]


def test_there_is_nothing_to_choose_without_a_model_of_ones_own():
    at = app().run()
    assert not at.selectbox
    assert kinds(at) == ["All", "Digits", "Letters", "Capitals", "Small"]


def test_a_model_offers_only_the_kinds_it_has(digits_model):
    at = app().run()
    next(c for c in at.button_group if c.label == "Read it as").set_value("uppercase").run()
    at.selectbox(key="recognize_model").set_value("mine").run()
    assert not at.exception
    assert kinds(at) == ["All", "Digits"]
    assert at.session_state["recognize_classes"] == "all"
    # Of digits alone there is nothing to choose from.
    at.selectbox(key="recognize_model").set_value("digits").run()
    assert not at.exception
    assert not [c for c in at.button_group if c.label == "Read it as"]


def test_the_empty_sheet_says_which_other_model_reads(digits_model, monkeypatch):
    at = app().run()
    assert "it is read as you lift the pen" in shown(at)
    # A phone hides the choice; a model may have been chosen on another page.
    monkeypatch.setattr("ui.page_reading.room.on_a_phone", lambda: True)
    at.selectbox(key="recognize_model").set_value("mine").run()
    assert "mine reads it as you lift the pen" in shown(at)


def test_a_damaged_model_is_named_and_left_out(digits_model, places):
    shutil.copytree(places / "models" / "mine", places / "models" / "broken")
    (places / "models" / "broken" / "model.tflite").write_bytes(b"x")
    at = app().run()
    assert at.selectbox(key="recognize_model").options == ["characters", "digits", "mine"]
    assert "model broken: model.tflite is not the file" in " ".join(caption.value for caption in at.caption).replace(
        "\\", ""
    )


def test_a_model_saved_anew_under_its_name_is_read_with(digits_model, places):
    from ui.data import recognizer

    before = recognizer("mine")
    assert recognizer("mine") is before
    model = open_folder(SHIPPED / "characters")
    save_model(places / "models", "mine", model.card, {"model.tflite": model.read("model.tflite")})
    assert tuple(recognizer("mine").alphabet) == tuple(model.card["classes"])


def test_a_chosen_model_that_was_deleted_is_chosen_no_more(digits_model, places):
    at = app().run()
    at.selectbox(key="recognize_model").set_value("mine").run()
    shutil.rmtree(places / "models" / "mine")
    at.run()
    assert not at.exception
    assert not at.selectbox
