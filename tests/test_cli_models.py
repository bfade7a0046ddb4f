"""``python -m hcr_core models ...`` with the shipped model and copies of it as the user's own."""

import json
import shutil

import pytest

from hcr_core import model_store
from hcr_core.cli import main
from hcr_core.model_store import save_model

pytestmark = pytest.mark.usefixtures("only_characters")

FOLDER = model_store.SHIPPED / "characters"
CARD = json.loads((FOLDER / "card.json").read_text())
BEST = max(((name, figures["accuracy"]) for name, figures in CARD["held_out"].items()), key=lambda pair: pair[1])
SIZE = sum(path.stat().st_size for path in FOLDER.iterdir())
NETWORK = (FOLDER / "model.tflite").stat().st_size


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    """The user's own models: ``mine``, whole, and ``broken``, which has another network than its card says."""
    store = tmp_path / "models"
    monkeypatch.setenv("HCR_MODELS_DIR", str(store))
    for name in ("mine", "broken"):
        shutil.copytree(FOLDER, store / name)
    (store / "broken" / "model.tflite").write_bytes(b"other")
    return store


def test_the_list_names_every_model_and_the_damaged_one_on_standard_error(capsys):
    assert main(["models", "list"]) == 0
    output = capsys.readouterr()
    shipped, mine = (line.split() for line in output.out.splitlines())
    figures = [f"{CARD['architecture']['parameters']:,}", "parameters", f"{BEST[1]:.2%}", BEST[0]]
    assert shipped == ["characters", "62", "classes", *figures, "shipped", f"{NETWORK / 1e6:.2f}", "MB"]
    assert mine == ["mine", *shipped[1:-3], "own", *shipped[-2:]]
    assert output.err == "hcr_core: model broken: model.tflite is not the file its card describes\n"


def test_the_list_as_json_is_one_document_that_names_the_damaged_one_too(capsys):
    assert main(["models", "list", "--json"]) == 0
    output = capsys.readouterr()
    shipped, mine, broken = json.loads(output.out)
    parameters = CARD["architecture"]["parameters"]
    figures = {"classes": 62, "parameters": parameters, "accuracy": BEST[1], "measured_on": BEST[0]}
    figures |= {"bytes": SIZE, "network_bytes": NETWORK}
    assert shipped == {"name": "characters", "where": "shipped", "hidden": False} | figures
    assert mine == shipped | {"name": "mine", "where": "own"}
    assert broken == {"name": "broken", "where": "own", "error": broken["error"]}
    assert "model.tflite is not the file" in broken["error"]
    assert output.err == ""


def test_a_model_that_says_little_of_itself_is_listed_and_shown(store, capsys):
    save_model(store, "least", {"classes": ["અ"]}, {"model.keras": b"1", "model.tflite": b"2"})
    assert main(["models", "list"]) == 0
    assert "? parameters  not measured" in capsys.readouterr().out
    assert main(["models", "list", "--json"]) == 0
    least = next(row for row in json.loads(capsys.readouterr().out) if row["name"] == "least")
    assert (least["parameters"], least["accuracy"], least["measured_on"]) == (None, None, None)
    assert main(["models", "show", "least"]) == 0
    assert "classes     1: અ" in capsys.readouterr().out


def test_a_model_hidden_by_a_shipped_one_says_so(store, capsys):
    (store / "mine").rename(store / "characters")
    assert main(["models", "list"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert "not used" not in first
    assert second.endswith(" MB  (not used: a shipped one has this name)")


def test_show_prints_the_card_readably(capsys):
    assert main(["models", "show", "characters"]) == 0
    text = capsys.readouterr().out
    assert f"where       shipped, {model_store.SHIPPED / 'characters'}" in text
    assert "classes     62: 0 1 2" in text
    assert f"size        {NETWORK / 1e6:.2f} MB to read with, {SIZE / 1e6:.2f} MB with all its files" in text
    assert f"augmentation (rotation {CARD['training']['augmentation']['rotation']}, " in text
    assert "CC BY 4.0" in text
    name, best = BEST[0], CARD["held_out"][BEST[0]]
    shares = [f"{best[figure]:.2%}" for figure in ("accuracy", "top2", "folded", "shape")]
    assert [name, f"{best['images']:,}", *shares] in [line.split() for line in text.splitlines()]
    assert "{" not in text


def test_show_as_json_is_the_card_and_where_it_is(capsys):
    assert main(["models", "show", "mine", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {key: document[key] for key in CARD} == CARD
    assert document["where"] == "own"


def test_delete_removes_ones_own_models_damaged_ones_too(store, capsys):
    for name in ("mine", "broken"):
        assert main(["models", "delete", name]) == 0
        assert capsys.readouterr().out == f"{name} was deleted\n"
    assert list(store.iterdir()) == []


def test_export_prints_what_it_made_and_replaces_by_force_only(tmp_path, capsys):
    out = tmp_path / "out.tflite"
    arguments = ["models", "export", "mine", "--format", "litert", str(out)]
    assert main(arguments) == 0
    assert capsys.readouterr().out == f"{out}\n"
    out.write_bytes(b"former")
    assert main(arguments) == 1
    assert "is there already" in capsys.readouterr().err
    assert main([*arguments, "--force"]) == 0
    assert out.read_bytes() == (FOLDER / "model.tflite").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["show", "nothing"], "there is no model 'nothing': there are characters, broken, mine"),
        (["show", "broken"], "model.tflite is not the file"),
        (["show", "broken", "--json"], "model.tflite is not the file"),
        (["show", "../mine"], "no name for a model"),
        (["delete", "characters"], "came with the program"),
        (["delete", "nothing"], "you have no model 'nothing' of your own"),
        (["delete", "../models"], "no name for a model"),
        (["export", "nothing", "--format", "onnx", "x"], "there is no model 'nothing'"),
        (["export", "broken", "--format", "litert", "x"], "model.tflite is not the file"),
    ],
)
def test_errors_are_one_sentence_and_status_one(tmp_path, monkeypatch, capsys, arguments, reason):
    monkeypatch.chdir(tmp_path)
    assert main(["models", *arguments]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("hcr_core: ")
    assert reason in output.err
    assert output.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["models"]
