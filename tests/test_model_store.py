import json
import shutil
from pathlib import Path

import pytest

from hcr_core import Recognizer, atomic, model_store
from hcr_core.model_store import ModelError, delete_model, model_names, open_model, save_model, stored_models

pytestmark = pytest.mark.usefixtures("only_characters")


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("HCR_MODELS_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def copy(store):
    """A copy of the shipped model in the user's store, to be damaged."""
    shutil.copytree(model_store.SHIPPED / "characters", store / "copy")
    return store / "copy"


def test_the_shipped_model_is_whole():
    model = open_model("characters")
    assert set(model.card["files"]) == {"model.keras", "model.tflite", "model-int8.tflite", "index.npz"}
    for filename in model.card["files"]:
        assert 0 < len(model.read(filename)) < 8 * 2**20


def test_a_saved_model_is_found_with_its_checksums(store):
    save_model(store, "mine", {"classes": ["a", "b"]}, {"model.tflite": b"123"})
    model = open_model("mine")
    assert model.read("model.tflite") == b"123"
    assert list(model.alphabet) == ["a", "b"]
    assert model_names() == ["characters", "mine"]


def test_saving_again_replaces_and_leaves_nothing_beside(store):
    for content in (b"1", b"2"):
        save_model(store, "mine", {"classes": ["a"]}, {"model.tflite": content})
    assert open_model("mine").read("model.tflite") == b"2"
    assert [path.name for path in store.iterdir()] == ["mine"]


def test_a_save_that_fails_leaves_the_former_model(store):
    save_model(store, "mine", {"classes": ["a"]}, {"model.tflite": b"1"})
    with pytest.raises(TypeError):
        save_model(store, "mine", {"classes": {"a"}}, {"model.tflite": b"2"})  # a set is not JSON
    assert open_model("mine").read("model.tflite") == b"1"
    assert [path.name for path in store.iterdir()] == ["mine"]


def test_a_save_that_cannot_be_renamed_leaves_the_former_model(store, monkeypatch):
    save_model(store, "mine", {"classes": ["a"]}, {"model.tflite": b"1"})
    rename = Path.rename

    def fails_for_the_new_one(self, target):
        if Path(target).name == "mine" and not self.name.endswith("-former"):
            raise OSError("no")
        return rename(self, target)

    monkeypatch.setattr(atomic, "_exchange", lambda *paths: False)  # a file system that cannot
    monkeypatch.setattr(Path, "rename", fails_for_the_new_one)
    with pytest.raises(OSError, match="no"):
        save_model(store, "mine", {"classes": ["a"]}, {"model.tflite": b"2"})
    assert open_model("mine").read("model.tflite") == b"1"
    assert [path.name for path in store.iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["../characters", "", ".hidden", "a/b", "a" * 65, "ä", "a\n"])
def test_a_name_is_never_a_path(name):
    with pytest.raises(ModelError, match="no name for a model"):
        open_model(name)


def test_a_missing_model_is_answered_with_those_there_are(store):
    with pytest.raises(ModelError, match="there are characters"):
        open_model("nothing")


def test_a_changed_network_is_refused(copy):
    data = bytearray((copy / "model.tflite").read_bytes())
    data[len(data) // 2] ^= 1
    (copy / "model.tflite").write_bytes(data)
    with pytest.raises(ModelError, match=r"copy: model\.tflite is not the file"):
        Recognizer.load("copy")


def test_a_missing_network_is_named(copy):
    (copy / "model.tflite").unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        Recognizer.load("copy")


@pytest.mark.parametrize(
    "card", ["", "[]", "{}", '{"files": [], "classes": ["a"]}', '{"files": {}, "classes": []}', "\0"]
)
def test_a_damaged_card_is_named(copy, card):
    (copy / "card.json").write_text(card)
    with pytest.raises(ModelError, match="copy: its card is damaged"):
        open_model("copy")


def test_a_model_of_another_preprocessing_is_refused(copy):
    card = json.loads((copy / "card.json").read_text())
    (copy / "card.json").write_text(json.dumps(card | {"preprocessing": 0}))
    with pytest.raises(ModelError, match="preprocessing"):
        Recognizer.load("copy")


def test_a_network_that_is_none_is_refused(store):
    save_model(store, "mine", {"classes": ["a"], "preprocessing": 1}, {"model.tflite": b"not a network"})
    with pytest.raises(ModelError, match="cannot be loaded"):
        Recognizer.load("mine")


def test_whole_and_damaged_models_are_told_apart(copy, store):
    shutil.copytree(copy, store / "whole")
    (copy / "model.keras").write_bytes(b"other")
    whole, damaged = stored_models()
    assert [(model.name, model.shipped) for model in whole] == [("characters", True), ("whole", False)]
    assert [(model.name, model.shipped) for model in damaged] == [("copy", False)]
    assert damaged[0].error == "model copy: model.keras is not the file its card describes"


@pytest.mark.parametrize("filename", ["card.json", "model.keras", "model.tflite"])
def test_a_model_without_one_of_its_files_is_damaged(copy, filename):
    (copy / filename).unlink()
    assert [model.name for model in stored_models()[1]] == ["copy"]
    delete_model("copy")
    assert not copy.exists()


def test_a_model_whose_card_leaves_a_file_out_is_damaged(copy):
    card = json.loads((copy / "card.json").read_text())
    del card["files"]["model.keras"]  # then its bytes could be anything
    (copy / "card.json").write_text(json.dumps(card))
    assert [model.name for model in stored_models()[1]] == ["copy"]


def test_other_folders_are_no_models_and_are_never_deleted(store):
    (store / "letters").mkdir()
    (store / "letters" / "diary.txt").write_text("dear")
    (store / ".writing-x").mkdir()
    (store / ".writing-x" / "card.json").write_text("{}")
    assert stored_models()[1] == []
    with pytest.raises(ModelError, match="you have no model 'letters'"):
        delete_model("letters")
    assert (store / "letters" / "diary.txt").exists()


def test_only_ones_own_models_are_deleted(copy, store):
    delete_model("copy")
    assert list(store.iterdir()) == []
    with pytest.raises(ModelError, match="came with the program"):
        delete_model("characters")
    with pytest.raises(ModelError, match="you have no model 'copy'"):
        delete_model("copy")


def test_the_shipped_models_are_not_ones_own_wherever_that_is_said(copy, store, monkeypatch):
    monkeypatch.setattr(model_store, "SHIPPED", store)
    monkeypatch.setenv("HCR_MODELS_DIR", str(store))
    assert [(model.name, model.shipped) for model in stored_models()[0]] == [("copy", True)]
    with pytest.raises(ModelError, match="came with the program"):
        delete_model("copy")
    assert (copy / "card.json").exists()


def test_ones_own_model_of_a_shipped_name_is_listed_as_hidden_and_can_be_deleted(copy, store):
    copy.rename(store / "characters")
    assert [(model.shipped, model.hidden) for model in stored_models()[0]] == [(True, False), (False, True)]
    delete_model("characters")
    assert open_model("characters").shipped


def test_a_store_that_is_not_there_is_empty(monkeypatch, tmp_path):
    monkeypatch.setenv("HCR_MODELS_DIR", str(tmp_path / "none"))
    assert [model.name for model in stored_models()[0]] == ["characters"]
