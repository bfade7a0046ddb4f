"""The Train page of runs that came to an end, as planned or not."""

import json

import pytest
from scripted_run import Script
from train_page import PAD, drawn, finished, labels, live, modelled, page, stopped, words

from hcr_core.training.job import Run

pytestmark = pytest.mark.usefixtures("train_places")


def test_the_summary_at_the_end(script):
    header = live(page(run=finished(script).run.id), "header")
    assert header["sentence"].startswith("Finished")
    assert header["fraction"] == 1
    numbers = dict(map(tuple, header["numbers"]))
    assert numbers["right on unseen images"] == "92.5 %"
    assert numbers["right in training"] == "92.5 %"
    assert (numbers["validation loss"], numbers["training loss"]) == ("0.083", "0.075")
    assert (numbers["training time"], numbers["best pass"]) == ("10 s", "4 of 4")


def test_headline_and_matrix_of_a_finished_run_are_of_the_same_pass(script):
    script.start().epochs(2).peek(3, 10, 0.5).epochs(2, best=False)
    at = page(run=modelled(script.end()).run.id)
    sentence = live(at, "header")["sentence"]
    assert "reads 79 % right of 200 images that it was not trained on (the same images chose the pass)" in sentence
    classes = live(at, "classes")
    assert sum(count for truth, answer, count in classes["cells"] if truth == answer) == 158
    assert "All validation images, after pass 2, the best" in classes["note"]


def test_a_finished_model_is_saved_and_chosen_on_the_recognize_page(script):
    at = page(run=finished(script).run.id)
    assert "Not saved yet" in words(at)
    assert at.button(key="train_try").label.startswith("Save it")
    at.text_input[0].set_value("fresh").run()
    at.button(key="train_save").click().run()
    assert not at.exception
    assert "Saved as **fresh**" in words(at)
    assert "Not saved yet" not in words(at)
    assert at.button(key="train_try").label == "Try it on the Recognize page"
    assert at.button(key="train_save").disabled
    at.button(key="train_try").click().run()
    assert not at.exception
    assert at.title[0].value == "Write, see it read"
    assert at.selectbox(key="recognize_model").value == "fresh"


@pytest.mark.parametrize(
    ("name", "sentence"), [("characters", "came with the program"), ("a b", "is no name"), ("../x", "is no name")]
)
def test_a_model_is_not_saved_under_every_name_and_the_page_stays(script, name, sentence, train_places):
    at = page(run=finished(script).run.id)
    at.text_input[0].set_value(name).run()
    at.button(key="train_save").click().run()
    assert not at.exception
    assert sentence in at.error[0].value
    assert not (train_places / "models").exists()
    assert f"{PAD}_clear" in [button.key for button in at.button]
    assert live(at, "gallery")["tiles"]


def test_a_finished_network_reads_a_new_drawing(script):
    at = drawn(page(run=finished(script).run.id), "7")
    at.run()
    assert live(at, "drawing")["best"][0][1] > 0.5


def test_a_stopped_run_offers_no_sheet_that_nobody_reads(script):
    at = page(run=stopped(script).run.id)
    assert f"{PAD}_clear" not in [button.key for button in at.button]
    assert "cannot be asked about a drawing" in words(at)
    assert "while it learns" not in words(at)
    assert "cannot be resumed after that" in words(at)


def test_a_run_that_never_began_has_no_empty_views(script):
    at = page(run=script.state("waiting", behind="other").state("stopped").run.id)
    assert live(at, "header")["sentence"] == "Stopped before it began."
    assert "Resume" in labels(at)
    assert len(at.get("bidi_component")) == 1  # the header alone
    assert "never trained on" not in words(at)
    assert "**mine** learns from **digits**" in words(at)


def test_what_was_not_measured_of_an_ended_run_is_left_out(script):
    summary = dict.fromkeys(("loss", "accuracy", "val_loss", "val_accuracy", "images_per_second"))
    summary |= {"epochs": 0, "best_epoch": 0, "seconds": 10.0}
    script.start().batch(1, 10).peek(1, 10, 0.5).write("end", model="", summary=summary, card={}).state("finished")
    numbers = dict(map(tuple, live(page(run=modelled(script).run.id), "header")["numbers"]))
    assert numbers["whole passes"] == "0 of 4"
    assert "training time" in numbers
    assert "–" not in numbers.values()


def test_what_a_stopped_run_made_of_a_drawing_stays(script):
    with script.start().state("training").epochs(1).alive() as run:
        at = drawn(page(), "7")
        (key,) = (path.stem for path in (run.folder / "drawings").glob("*.bin"))
        script.peek(2, 10, 0.5, {key: 7}).state("stopped", epoch=2, step=10)
    at.run()
    assert live(at, "drawing")["letter"] == "7"
    assert "is not learning now" in live(at, "drawing")["sentence"]


def test_a_stopped_run_tells_its_two_figures_apart(script):
    header = live(page(run=stopped(script).run.id), "header")
    numbers = dict(map(tuple, header["numbers"]))
    assert numbers["right on unseen images, last look"] == "50.0 %"
    assert numbers["after pass 1, its best"] == "40.0 %"
    assert header["fraction"] == 0.375
    assert "Stopped in pass 2 of 4" in header["sentence"]


def test_a_model_of_a_stopped_run_is_said_to_be_one(script):
    stopped(script).state("preparing").state("finishing")
    header = live(page(run=modelled(script.end()).run.id), "header")
    assert header["sentence"].startswith("Stopped early in pass 2 of 4, and a model made of the state after pass 1")
    assert header["fraction"] == 0.375
    numbers = dict(map(tuple, header["numbers"]))
    assert (numbers["best pass"], numbers["whole passes"]) == ("1", "1 of 4")


def test_a_run_that_no_longer_got_better_was_not_stopped_by_anybody(train_places):
    script = Script(train_places / "runs" / "patient", epochs=9).start()
    config = json.loads((script.run.folder / "config.json").read_text())
    config["recipe"]["early_stopping"] = 2
    (script.run.folder / "config.json").write_text(json.dumps(config))
    script.epochs(5)
    script.write("end", model="", summary=script.last | {"epochs": 5, "best_epoch": 3, "seconds": 9.0}, card={})
    header = live(page(run=modelled(script.state("finished")).run.id), "header")
    assert header["sentence"].startswith("Finished after 5 of 9 passes, as the last 2 brought nothing better")


@pytest.mark.parametrize(
    ("state", "fields", "sentence"),
    [
        ("stopped", {"epoch": 2, "step": 20}, "Stopped after pass 2 of 4. Resume goes on exactly where it was"),
        ("failed", {"reason": "the disk is full"}, "the disk is full"),
        ("training", {}, "ended from outside"),
    ],
)
def test_ended_before_the_end(script, state, fields, sentence):
    script.start().epochs(2).checkpoint().state(state, **fields)
    at = page(run="mine")
    assert sentence in live(at, "header")["sentence"]
    assert {"Resume", "Make a model of its best state"} <= set(labels(at))


def test_nothing_to_make_a_model_of_without_a_checkpoint(script):
    script.start().state("failed", reason="x")
    assert "Make a model of its best state" not in labels(page(run="mine"))


@pytest.mark.parametrize(("button", "method"), [("Resume", "resume"), ("Make a model of its best state", "finish")])
def test_going_on(script, monkeypatch, button, method):
    called = []
    monkeypatch.setattr(Run, method, lambda run: called.append(run.id))
    script.start().epochs(1).checkpoint().state("stopped", epoch=1, step=20)
    at = page(run="mine")
    next(b for b in at.button if b.label == button).click().run()
    assert not at.exception
    assert called == ["mine"]
