"""The training command from data folder to a model that reads, on a miniature of the real files."""

import gzip
import json
import os
import re
import struct
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT, drawn_ink, sheet

from hcr_core import Recognizer, cli_train
from hcr_core.cli import main
from hcr_core.datasets import Dataset, import_dataset
from hcr_core.datasets.entries import CHARACTERS
from hcr_core.preprocessing import ink_to_glyph
from hcr_core.training.augmentation import Augmentation, random_glyph

LABELS = "AHLOTVXZ17"


def _environment(data, cache) -> dict[str, str]:
    places = {"HCR_DATA_DIR": str(data), "HCR_CACHE_DIR": str(cache)}
    return {"PATH": "/usr/bin:/bin", "HOME": str(data), "TF_CPP_MIN_LOG_LEVEL": "3"} | places


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run on drawn characters in EMNIST's own files: the output, and the folder of everything."""
    folder = tmp_path_factory.mktemp("training")
    data = folder / "data" / "emnist62"
    data.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for split, count in (("train", 2600), ("test", 200)):
        labels = rng.integers(0, len(LABELS), count)
        glyphs = np.stack([ink_to_glyph(drawn_ink(LABELS[i], rng.uniform(40, 150))) for i in labels])
        transposed = glyphs.transpose(0, 2, 1)
        header = struct.pack(">HBBIII", 0, 8, 3, *transposed.shape)
        path = data / f"emnist62-{split}-images-idx3-ubyte.gz"
        path.write_bytes(gzip.compress(header + transposed.tobytes(), 1))
        positions = np.array([CHARACTERS.index(LABELS[i]) for i in labels], np.uint8)
        path = data / f"emnist62-{split}-labels-idx1-ubyte.gz"
        path.write_bytes(gzip.compress(struct.pack(">HBBI", 0, 8, 1, count) + positions.tobytes(), 1))
    mapping = "\n".join(f"{i} {ord(label)}" for i, label in enumerate(CHARACTERS))
    (data / "emnist62-mapping.txt").write_text(mapping)
    command = ["train", "--data", "emnist62", "--name", "small", "--epochs", "10", "--batch", "64", "--seed", "3"]
    places = ["--store", str(folder / "models"), "--run-folder", str(folder / "run")]
    done = subprocess.run(
        [sys.executable, "-m", "hcr_core", *command, *places],
        cwd=ROOT,
        env=_environment(folder / "data", folder / "cache"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done, folder


def test_the_run_ends_with_a_model_that_reads(trained, monkeypatch):
    _, folder = trained
    monkeypatch.setenv("HCR_MODELS_DIR", str(folder / "models"))
    recognizer = Recognizer.load("small")
    glyphs = np.stack([ink_to_glyph(drawn_ink(label, 90)) for label in LABELS])
    read = [recognizer.alphabet[i] for i in recognizer.classify(glyphs).argmax(axis=1)]
    assert sum(a == b for a, b in zip(read, LABELS, strict=True)) >= 8


def test_the_card_says_how_it_was_made_and_how_good_it_is(trained):
    _, folder = trained
    card = json.loads((folder / "models" / "small" / "card.json").read_text())
    assert card["training"]["seed"] == 3
    assert card["data"][0]["name"] == "emnist62"
    assert "NIST" in card["data"][0]["licence"]
    assert len(card["history"]) == 10
    held_out = card["held_out"]["emnist62"]
    assert held_out["images"] == 200
    assert held_out["accuracy"] > 0.8
    assert set(held_out) == {"images", "accuracy", "top2", "folded", "shape"}


def test_the_best_epoch_is_the_one_that_validated_best(trained):
    _, folder = trained
    card = json.loads((folder / "models" / "small" / "card.json").read_text())
    best = max(epoch["val_accuracy"] for epoch in card["history"])
    chosen = card["history"][card["training"]["best_epoch"] - 1]
    assert chosen["val_accuracy"] == best
    # The stored network is that epoch's, not the last one's.
    assert card["validation"]["accuracy"] == pytest.approx(best, abs=0.005)


def test_the_log_has_an_object_a_line(trained):
    _, folder = trained
    events = [json.loads(line) for line in (folder / "run" / "events.jsonl").read_text().splitlines()]
    states = [event["state"] for event in events if event["event"] == "state"]
    assert states == ["preparing", "training", "finishing", "finished"]
    assert sum(event["event"] == "epoch" for event in events) == 10


def test_keras_and_litert_give_the_same_probabilities(trained):
    _, folder = trained
    code = f"""
import numpy as np, keras, os
os.environ["HCR_MODELS_DIR"] = {str(folder / "models")!r}
from hcr_core import Recognizer
from hcr_core.cli import main
from hcr_core.datasets import import_dataset
glyphs = np.random.default_rng(0).integers(0, 256, (50, 28, 28), dtype=np.uint8)
model = keras.models.load_model({str(folder / "models" / "small" / "model.keras")!r}, safe_mode=True)
expected = model.predict(glyphs[..., None].astype("float32"), verbose=0)
print(np.abs(expected - Recognizer.load("small").classify(glyphs)).max())
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert float(done.stdout.split()[-1]) < 1e-5


def test_missing_data_is_one_sentence(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "hcr_core", "train", "--name", "x", "--store", str(tmp_path / "models")],
        cwd=ROOT,
        env=_environment(tmp_path, tmp_path / "cache"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "set HCR_DATA_DIR" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--name", "../x"], "no name for a model"),
        (["--name", "characters"], "characters is the name of a model that came with the program"),
        (["--name", "x", "--architecture", "y"], "unknown architecture 'y'"),
        (["--name", "x", "--batch", "0"], "a batch has between 1 and"),
        (["--name", "x", "--classes", "7"], "at least two classes"),
        (["--resume", "x"], "no run of 'x'"),
        (["--name", "x", "--data", "digits, nothing"], "unknown data set 'nothing'"),
    ],
)
def test_a_wrong_call_is_refused_before_training(arguments, reason, capsys):
    assert main(["train", "--data", "digits", *arguments]) == 1
    said = capsys.readouterr()
    assert reason in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("best", "line"),
    [
        (3, "epoch 3 is kept, saved as x"),
        (0, "no epoch was complete: what was learned so far is kept, saved as x"),
    ],
)
def test_the_last_lines_tell_which_epoch_is_kept(best, line):
    figures = {"digits": {"accuracy": 0.9, "images": 1234}}
    event = {"event": "end", "model": "x", "summary": {"best_epoch": best}, "card": {"held_out": figures}}
    assert cli_train._end_line(event, None).splitlines() == [line, "digits test: 90.00% of 1,234 right"]


def test_a_model_is_not_replaced_unless_asked_for(tmp_path, capsys):
    (tmp_path / "good").mkdir()
    call = ["train", "--data", "digits", "--name", "good", "--store", str(tmp_path)]
    assert main(call) == 1
    assert "there is a model good in" in capsys.readouterr().err
    assert main([*call, "--force", "--epochs", "0"]) == 1  # gets past the name
    assert "epochs" in capsys.readouterr().err


def test_an_imported_set_of_another_script_and_size_gives_a_model_that_reads_it(tmp_path, monkeypatch):
    monkeypatch.setenv("HCR_IMPORTED_DIR", str(tmp_path / "imported"))
    rng = np.random.default_rng(0)
    labels = ["અ", "બ"]  # two classes whose images are drawn as T and O, 30 pixels a side
    rows = []
    for _ in range(300):
        kind = int(rng.integers(2))
        glyph = np.pad(ink_to_glyph(drawn_ink("TO"[kind], rng.uniform(50, 130))), 1)
        rows.append(",".join([labels[kind], *map(str, glyph.ravel())]))
    (tmp_path / "own.csv").write_text("\n".join(rows) + "\n")
    import_dataset(tmp_path / "own.csv", "own")
    options = ["--data", "own", "--architecture", "mlp-256", "--name", "own-script", "--epochs", "6", "--batch", "32"]
    done = subprocess.run(
        [sys.executable, "-m", "hcr_core", "train", *options, "--store", str(tmp_path / "models")],
        cwd=ROOT,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.search(r"^run .*: \d+ samples of 2 classes, [\d,]+ parameters, 6 epochs$", done.stdout, re.MULTILINE)
    figures = r"\d+\.\d s, [\d,]+ images/s, loss \d+\.\d{4}, accuracy \S+%, validation loss \d+\.\d{4}, accuracy \S+%"
    assert len(re.findall(rf"^epoch \d/6: {figures}$", done.stdout, re.MULTILINE)) == 6
    monkeypatch.setenv("HCR_MODELS_DIR", str(tmp_path / "models"))
    recognizer = Recognizer.load("own-script")
    assert list(recognizer.alphabet) == labels
    assert [recognizer.read(sheet(shape)).text for shape in "TO"] == labels
    assert recognizer.card["held_out"]["own"]["accuracy"] > 0.9


def test_variations_differ_and_the_same_seed_repeats_them():
    glyph = ink_to_glyph(drawn_ink("R"))
    dataset = Dataset("drawn", glyph[None], np.array([0]), CHARACTERS, np.array(["train"]))
    settings = Augmentation(untouched=0)
    varied = [random_glyph(dataset, 0, np.random.default_rng(seed), settings) for seed in (1, 1, 2)]
    assert np.array_equal(varied[0], varied[1])
    assert not np.array_equal(varied[0], varied[2])
    assert all(image.shape == (28, 28) and image.dtype == np.uint8 and image.max() > 128 for image in varied)


def test_untouched_samples_stay_as_they_are():
    glyph = ink_to_glyph(drawn_ink("R"))
    dataset = Dataset("drawn", glyph[None], np.array([0]), CHARACTERS, np.array(["train"]))
    assert np.array_equal(random_glyph(dataset, 0, np.random.default_rng(0), Augmentation(untouched=1)), glyph)
