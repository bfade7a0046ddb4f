"""``python -m hcr_core evaluate`` on the bundled digits and on sets that are made here."""

import csv
import json
import os

import numpy as np
import pytest
from conftest import drawn_ink

from hcr_core import Recognizer
from hcr_core.cli import main
from hcr_core.datasets import import_dataset, load
from hcr_core.evaluation_results import evaluated
from hcr_core.preprocessing import ink_to_glyph


@pytest.fixture
def imported(tmp_path, monkeypatch):
    """Makes a data set ``own`` of drawn characters, three of each in its test part, and of their labels."""
    monkeypatch.setenv("HCR_IMPORTED_DIR", str(tmp_path / "imported"))

    def make(drawn: str, labels: list[str]):
        rows = [
            [label, *ink_to_glyph(drawn_ink(shape, width)).ravel()]
            for shape, label in zip(drawn, labels, strict=True)
            for width in np.linspace(50, 120, 15)
        ]
        (tmp_path / "own.csv").write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n")
        return import_dataset(tmp_path / "own.csv", "own")

    return make


def measured(capsys, *arguments: str) -> dict:
    assert main(["evaluate", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_json_is_one_document_with_every_figure(capsys):
    document = measured(capsys, "--data", "digits")
    assert set(document) == {
        *("model", "data", "split", "restricted_to", "unknown_classes", "unknown_images"),
        *("images", "accuracy", "top2", "folded", "shape", "loss", "macro", "weighted", "per_class"),
        "calibration_error",
    }
    assert (document["model"], document["data"], document["split"]) == ("characters", "digits", "test")
    assert document["restricted_to"] == "the data set's 10 classes"
    assert document["images"] == 359 == sum(row["images"] for row in document["per_class"])
    assert document["accuracy"] == round(sum(row["right"] for row in document["per_class"]) / 359, 4)
    assert 0.9 < document["accuracy"] <= document["top2"]
    for row in document["per_class"]:
        assert set(row) == {"label", "images", "right", "accuracy", "precision", "recall", "f1", "mistaken_for"}
        assert sum(row["mistaken_for"].values()) == row["images"] - row["right"]
        assert list(row["mistaken_for"].values()) == sorted(row["mistaken_for"].values(), reverse=True)


def test_all_classes_lets_the_model_mistake_digits_for_letters(capsys):
    document = measured(capsys, "--data", "digits", "--all-classes")
    assert document["restricted_to"] is None
    assert document["accuracy"] < measured(capsys, "--data", "digits")["accuracy"]
    assert any(label.isalpha() for row in document["per_class"] for label in row["mistaken_for"])


def test_another_split_is_another_part(capsys):
    assert measured(capsys, "--data", "digits", "--split", "train")["images"] == len(load("digits", "train"))


def test_the_text_says_the_same_as_the_json(capsys):
    document = measured(capsys, "--data", "digits")
    assert main(["evaluate", "--data", "digits"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        "model       characters",
        "data        digits, test: 359 images",
        "answers     restricted to the data set's 10 classes",
        f"accuracy    {document['accuracy']:.2%}",
    ]
    figures = [f"{document[key]:.2%}" for key in ("top2", "folded", "shape")]
    assert lines[4:7] == [
        f"first two   {figures[0]} have the right one among the first two answers",
        f"folded      {figures[1]} with capitals and small letters counted as the same",
        f"shape       {figures[2]} with what looks alike (0 O o, 1 I l, ...) counted as the same, too",
    ]
    table = lines[lines.index("") + 2 :]
    one = document["per_class"][1]
    mistaken = [f"{label}:{count}" for label, count in one["mistaken_for"].items()]
    shares = [f"{one[key]:.2%}" for key in ("accuracy", "precision", "recall", "f1")]
    assert table[1].split() == ["1", str(one["images"]), str(one["right"]), *shares, *mistaken]
    assert [line.split()[0] for line in table[-2:]] == ["macro", "weighted"]


def test_predictions_are_what_the_model_answered(tmp_path, capsys):
    out = tmp_path / "new" / "answers.csv"
    document = measured(capsys, "--data", "digits", "--all-classes", "--predictions", str(out))
    rows = list(csv.DictReader(out.open()))
    assert list(rows[0]) == ["index", "label", "predicted", "probability", "second", "second_probability"]
    assert [int(row["index"]) for row in rows] == list(range(359))
    assert np.mean([row["label"] == row["predicted"] for row in rows]) == pytest.approx(document["accuracy"], abs=1e-4)
    recognizer, data = Recognizer.load(), load("digits", "test")
    probabilities = recognizer.classify(np.asarray(data.images[7:8]))[0]
    first, second = np.argsort(probabilities)[:-3:-1]
    assert rows[7]["label"] == data.alphabet[data.labels[7]]
    assert (rows[7]["predicted"], rows[7]["second"]) == (recognizer.alphabet[first], recognizer.alphabet[second])
    assert float(rows[7]["probability"]) == pytest.approx(probabilities[first], abs=1e-5)
    assert float(rows[7]["second_probability"]) == pytest.approx(probabilities[second], abs=1e-5)
    assert list(out.parent.iterdir()) == [out]


def test_the_confusion_matrix_is_a_csv_of_the_classes_that_are_there_or_were_answered(tmp_path, capsys):
    out = tmp_path / "matrix.csv"
    document = measured(capsys, "--data", "digits", "--all-classes", "--confusion", str(out))
    (corner, *answers), *rows = csv.reader(out.open())
    assert corner == "label"
    assert answers[:10] == list("0123456789")
    assert len(answers) > 10
    assert [row[0] for row in rows] == answers
    counts = {row[0]: dict(zip(answers, map(int, row[1:]), strict=True)) for row in rows}
    for row in document["per_class"]:
        assert {label: count for label, count in counts[row["label"]].items() if count} == {
            row["label"]: row["right"],
            **row["mistaken_for"],
        }
    assert not any(count for label in answers[10:] for count in counts[label].values())


def test_positions_are_those_in_the_split_when_a_part_is_chosen(imported, tmp_path, capsys):
    imported("A1", ["A", "1"])
    out = tmp_path / "answers.csv"
    measured(capsys, "--data", "own", "--alphabet", "digits", "--predictions", str(out))
    rows = list(csv.DictReader(out.open()))
    data = load("own", "test")
    assert [int(row["index"]) for row in rows] == np.flatnonzero(data.labels == data.alphabet.index("1")).tolist()
    # Of a single class there is no second answer.
    assert {(row["predicted"], row["second"], row["second_probability"]) for row in rows} == {("1", "", "")}


def test_unknown_classes_are_named_and_wrong(imported, capsys):
    imported("AO", ["A", "Ж"])
    document = measured(capsys, "--data", "own")
    unknown = next(row for row in document["per_class"] if row["label"] == "Ж")
    assert (document["unknown_classes"], document["unknown_images"]) == (["Ж"], unknown["images"])
    assert unknown["right"] == 0
    assert document["restricted_to"] is None
    assert main(["evaluate", "--data", "own"]) == 0
    line = f"unknown     {unknown['images']} images count as wrong, of classes the model lacks: Ж"
    assert line in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--data", "nothing"], "unknown data set"),
        (["--data", "digits", "--model", "nothing"], "there is no model 'nothing'"),
        (["--data", "digits", "--split", "validation"], "digits has no split 'validation'"),
        (["--data", "digits", "--alphabet", "letters"], "digits has no classes that are letters"),
        (["--data", "own"], "no class in common"),
        (["--data", "digits", "--predictions", "{folder}"], "is a folder"),
        (["--data", "digits", "--confusion", "{folder}"], "is a folder"),
        (["--data", "digits", "--predictions", "{folder}/pipe"], "what is there is no file"),
        (["--data", "digits", "--predictions", "{folder}/file/x.csv"], "cannot be written"),  # below a file
    ],
)
def test_errors_are_one_sentence_and_status_one(imported, tmp_path, capsys, arguments, reason):
    imported("TO", ["અ", "બ"])
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "pipe")
    assert main(["evaluate", "--json", *(argument.format(folder=tmp_path) for argument in arguments)]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("hcr_core: ")
    assert reason in output.err
    assert output.err.count("\n") == 1


def test_the_calibration_error_is_the_models_pages(recognizer, capsys):
    document = measured(capsys, "--data", "digits")
    error = evaluated(recognizer, load("digits", "test")).calibration_error
    assert document["calibration_error"] == pytest.approx(error, abs=1e-4)
    assert main(["evaluate", "--data", "digits"]) == 0
    assert f"calibration {error:.2%} off" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["emnist62", "unipen", "paper_chars"])
def test_the_shipped_models_card_is_measured_again(handwriting, recognizer, capsys, name):
    card = recognizer.card["held_out"][name]
    document = measured(capsys, "--data", name)
    assert {figure: document[figure] for figure in card} == card
