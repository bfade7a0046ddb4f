import json
import shutil
from pathlib import Path

import pytest

from hcr_core import Recognizer, model_store
from hcr_core.model_store import ModelError, model_names, open_model, save_model


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
    assert set(model.card["files"]) == {"model.keras", "model.tflite"}
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
