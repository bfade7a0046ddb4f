"""The Train page in every state, on runs that were written, not trained."""

import json
import os
import time

import cv2
import numpy as np
import pandas as pd
import pytest
from scripted_run import BEGIN, CLASSES, Script
from train_page import drawn, html, labels, live, page, stopped, words

from hcr_core.datasets import import_dataset, load, remove
from hcr_core.training import job
from hcr_core.training.architectures import ARCHITECTURES, layer_figures
from hcr_core.training.job import TICKET
from ui.live.views import duration, roughly
from ui.network_diagram import diagram

pytestmark = pytest.mark.usefixtures("train_places")


@pytest.fixture
def started(monkeypatch) -> list:
    """What was asked to be trained; nothing is."""
    asked = []

    def start(config, folder=None):
        asked.append(config)
        return Script(job.runs_folder() / config.name).run

    monkeypatch.setattr(job, "start", start)
    return asked


def test_before_starting_network_data_and_time_are_shown():
    at = page()
    assert at.selectbox(key="train_data").value == ("digits",)
    assert "586,282 parameters" in words(at)
    assert "rough estimate" in words(at)
    assert html(at).count('class="layer"') == 15
    assert html(at).count("<img") == 8 * 4  # a sample and three variations
    assert not at.get("bidi_component")


def test_a_part_of_the_data_is_said_to_be_one():
    at = page()
    assert "A part of" not in words(at)
    assert "passes over 1,295 images; it is checked on 143 others" in words(at)
    assert ">9</div>" in html(at)  # the network's picture shows one of its own characters
    next(field for field in at.number_input if field.label == "At most so many images").set_value(1000).run()
    assert "passes over 900 images; it is checked on 100 others" in words(at)
    assert "A part of the data: 1,000 of 1,438 images" in words(at)


def test_a_set_with_a_validation_part_of_its_own_is_trained_on_whole(tmp_path, monkeypatch):
    images, labels = load("digits").images[:300], load("digits").labels[:300]
    for split, part in (("train", slice(0, 200)), ("validation", slice(200, 260)), ("test", slice(260, 300))):
        for i, (image, label) in enumerate(zip(images[part], labels[part], strict=True)):
            folder = tmp_path / "parted" / split / str(label)
            folder.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / f"{i}.png"), image)
    import_dataset(tmp_path / "parted", "parted")
    at = page()
    at.selectbox(key="train_data").set_value(("parted",)).run()
    assert not at.exception
    assert "passes over 200 images; it is checked on 60 others" in words(at)
    remove("parted")
    at.run()
    assert not at.exception
    assert "There is no data set parted here any more." in words(at)
    assert at.selectbox(key="train_data").value == ("digits",)
    assert not at.run().info


def test_another_network_has_its_own_settings():
    at = page()
    at.selectbox(key="train_architecture").set_value("mlp-sigmoid").run()
    assert not at.exception
    recipe = ARCHITECTURES["mlp-sigmoid"].recipe
    values = {field.label: field.value for field in at.number_input}
    assert values["Passes over the data"] == recipe.epochs
    assert values["Stop after passes without progress"] == recipe.early_stopping
    assert "Nothing is varied" in words(at)
    assert html(at).count("<img") == 8


def test_what_was_chosen_is_started(started):
    at = page()
    at.selectbox(key="train_architecture").set_value("mlp-256").run()
    next(field for field in at.number_input if field.label == "Passes over the data").set_value(3)
    next(field for field in at.number_input if field.label == "Seed of chance").set_value(7)
    at.text_input[0].set_value("my-first")
    at.button(key="train_start").click().run()
    assert not at.exception
    config = started[0]
    assert (config.name, config.data, config.architecture) == ("my-first", ("digits",), "mlp-256")
    assert (config.recipe.epochs, config.recipe.batch, config.seed, config.classes) == (3, 100, 7, "")
    assert at.query_params["run"] == "my-first"
    assert live(at, "header")["state"] in ("starting", "interrupted")


def test_some_classes_only(started):
    at = page()
    next(c for c in at.button_group if c.label == "Which characters").set_value("own").run()
    at.multiselect[0].set_value(["7", "1"]).run()
    assert "2 classes" in html(at)
    at.button(key="train_start").click().run()
    assert started[0].classes == "1,7"


@pytest.mark.parametrize(("chosen", "sentence"), [([], "at least two"), (["3"], "at least two")])
def test_too_few_classes_are_said_so(chosen, sentence):
    at = page()
    next(c for c in at.button_group if c.label == "Which characters").set_value("own").run()
    at.multiselect[0].set_value(chosen).run()
    assert not at.exception
    assert sentence in at.error[0].value


@pytest.mark.parametrize("name", ["", "../x", "a b", "-x", "characters"])
def test_a_bad_name_is_refused_below_it_and_the_page_stays(started, script, name):
    script.start().state("stopped")
    at = page()
    before = html(at)
    at.text_input[0].set_value(name)
    at.button(key="train_start").click().run()
    assert not at.exception
    assert "the name of a model" in at.error[0].value or "is no name for a model" in at.error[0].value
    main = [type(element).__name__ for element in at.main]
    assert main.index("TextInput") < main.index("Error") < main.index("Button", main.index("TextInput"))
    assert html(at) == before
    assert "Runs so far" in words(at)
    assert not started


def test_other_samples_are_shown_on_request():
    at = page()
    before = html(at)
    at.button(key="train_shuffle").click().run()
    assert html(at) != before


def test_a_run_at_work_is_seen_at_once(script):
    with script.state("preparing").start().state("training").epochs(2, {"other": 3}).alive():
        at = page()
    assert at.query_params["run"] == "mine"
    assert {"Pause", "Stop"} < set(labels(at))
    header = live(at, "header")
    assert header["fraction"] == 0.5
    assert ["pass over the data", "3 of 4"] in header["numbers"]
    assert ["images a second", "4,321"] in header["numbers"]
    assert "reads 79 right" in header["sentence"]


@pytest.mark.parametrize(("limit", "said"), [(0, ", 1,294 images"), (1500, ", at most 1,500 images: 1,294 images")])
def test_a_run_says_how_its_images_are_divided(train_places, limit, said):
    Script(train_places / "runs" / "divided", limit=limit).start().batch(1, 2).state("stopped", epoch=1, step=2)
    assert f"learns from **digits**{said} to learn from, 200 to check it" in words(page(run="divided"))


def test_of_few_unseen_characters_no_hundred_is_claimed(script):
    with script.start().state("training").write("peek", epoch=1, step=10, **script.looks(0.8, images=5)).alive():
        at = page()
    assert live(at, "header")["sentence"] == "Of the 5 characters it was never shown, it now reads 4 right."


def test_curves_gallery_and_classes_while_it_learns(script):
    with script.start().state("training").epochs(2).peek(3, 10, 0.5).alive():
        at = page()
    accuracy, loss = live(at, "curves")["charts"]
    assert [len(line["points"]) for line in accuracy["lines"]] == [4, 5, 2, 2]
    assert accuracy["range"] == [0, 1]
    assert [line["name"] for line in loss["lines"]] == ["", "training", "unseen images"]
    assert sum(tile["right"] for tile in live(at, "gallery")["tiles"]) == 8
    classes = live(at, "classes")
    assert classes["names"] == CLASSES
    assert classes["accuracy"] == [0.5] * 10
    assert "a sample of 100" in classes["alt"].lower()


@pytest.mark.parametrize(
    ("state", "fields", "sentence", "offered"),
    [
        ("waiting", {"behind": "older-run"}, "older-run", {"Stop"}),
        ("preparing", {}, "Getting ready", {"Stop"}),
        ("paused", {}, "Paused", {"Go on", "Stop"}),
        ("finishing", {}, "Nearly done", set()),
    ],
)
def test_states_at_work(script, state, fields, sentence, offered):
    if state in ("paused", "finishing"):
        script.start().epochs(1)
    with script.state(state, **fields).alive():
        at = page()
    assert sentence in live(at, "header")["sentence"]
    assert offered == set(labels(at)) & {"Pause", "Stop", "Go on", "Resume", "Make a model of its best state"}


def test_a_run_that_waits_says_the_name_of_the_other(script, train_places):
    Script(train_places / "runs" / "class-20260101-120000", name="class").start().state("stopped")
    with script.state("waiting", behind="class-20260101-120000").alive():
        at = page()
    assert live(at, "header")["sentence"] == "Waiting for another run to end first: class."


@pytest.mark.parametrize(("state", "speed"), [("training", "4,321"), ("preparing", "–"), ("paused", "–")])
def test_a_speed_is_told_only_while_it_learns(script, state, speed):
    with script.start().epochs(1).state(state).alive():
        assert ["images a second", speed] in live(page(), "header")["numbers"]


@pytest.mark.parametrize(
    ("state", "key", "wish"), [("training", "train_pause", "pause"), ("training", "train_stop", "stop")]
)
def test_asking_a_run(script, state, key, wish):
    with script.start().epochs(1).state(state).alive() as run:
        page().button(key=key).click().run()
        assert (run.folder / "control").read_text() == wish


def test_a_run_that_cannot_be_asked_says_why(script):
    with script.start().epochs(1).state("training").alive() as run:
        at = page()
        (run.folder / "control").mkdir()
        at.button(key="train_stop").click().run()
        assert not at.exception
        assert "cannot be written" in words(at)


def test_classes_are_shown_as_text(train_places):
    Script(train_places / "runs" / "mine", classes="![](//a.bc/d),b").state("stopped", epoch=1, step=1)
    assert r"\!\[\]\(//a.bc/d\),b" in words(page(run="mine"))


def test_the_visitors_drawing_is_shown_to_the_network(script):
    with script.start().state("training").epochs(1).alive() as run:
        at = drawn(page(), "7")
        (first,) = (run.folder / "drawings").glob("*.bin")
        assert np.frombuffer(first.read_bytes(), np.uint8).max() > 200
        script.peek(2, 5, 0.5, {first.stem: 7}).peek(2, 10, 0.5, {first.stem: 1, "another-visitor": 2})
        at.run()
        view = live(at, "drawing")
        assert view["letter"] == "1"
        assert [moment[2] for moment in view["moments"]] == ["7", "1"]
        assert view["best"][0] == ["1", 0.91]
        # Another drawing has a history of its own.
        at = drawn(at, "L")
        (second,) = (run.folder / "drawings").glob("*.bin")
        assert second.stem != first.stem
        assert live(at, "drawing")["letter"] == ""


def test_there_is_room_for_what_it_took_a_drawing_for_as_soon_as_there_is_one(script):
    script.start().epochs(1).state("training", epoch=2, step=1)
    with script.alive():
        at = page(run="mine")
        assert not live(at, "drawing")["room"]  # the curves are nearer to the top
        view = live(drawn(at, "7"), "drawing")
        assert view["room"]
        assert view["moments"] == []
        assert view["sentence"] == "It looks at your drawing in some seconds, at its next look at unseen images."


def test_the_axis_grows_with_the_passes(train_places):
    script = Script(train_places / "runs" / "long", epochs=42)
    with script.start().state("training").epochs(2).alive():
        at = page()
        assert live(at, "curves")["passes"] == 4
        script.epochs(5)
        assert live(at.run(), "curves")["passes"] == 8


def test_what_was_not_measured_of_a_run_is_a_dash_in_the_list(script):
    script.start().state("stopped")
    table = page(run="new").dataframe[0]
    assert table.value["unseen"].isna().all()
    assert table.proto.placeholder == "–"


def test_earlier_runs_are_listed_compared_and_deleted(train_places):
    for name, epochs in (("first", 2), ("second", 4)):
        Script(train_places / "runs" / name).start().epochs(epochs).state("stopped", epoch=epochs, step=20)
    at = page(run="new")
    table = at.dataframe[0].value
    assert sorted(table["name"]) == ["first", "second"]
    assert sorted(table["unseen"]) == pytest.approx([78.8, 92.5])
    at.session_state["train_runs_2"] = {"selection": {"rows": [0, 1], "columns": [], "cells": []}}
    at.run()
    assert not at.exception
    figures = [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]
    assert [sorted(line["name"] for line in figure["data"]) for figure in figures] == [["first", "second"]] * 2
    at.button(key="train_delete_yes").click().run()
    assert not at.exception
    assert job.runs() == []


def test_compared_runs_are_called_by_their_names_and_told_apart_by_their_beginnings(train_places, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    for run, name, later in (("a-1", "twice", 0), ("a-2", "twice", 3600), ("b-1", "at-once", 0), ("b-2", "at-once", 0)):
        script = Script(train_places / "runs" / run, name=name).start().epochs(2)
        (script.run.folder / TICKET).write_text(repr(BEGIN + later))
    Script(train_places / "runs" / "c-20231114-221320", name="once").start().epochs(2)
    Script(train_places / "runs" / "d", name="just-begun").start().batch(1, 2)
    at = page(run="new")
    at.session_state["train_runs_6"] = {"selection": {"rows": [0, 1, 2, 3, 4, 5], "columns": [], "cells": []}}
    at.run()
    assert not at.exception
    figure = json.loads(at.get("plotly_chart")[0].proto.spec)
    names = {line["name"] for line in figure["data"]}
    assert names == {"twice, 14 Nov, 22:13", "twice, 14 Nov, 23:13", "b-1", "b-2", "once"}
    assert figure["layout"]["xaxis"]["dtick"] == 1  # no half passes
    assert "No curve of just\\-begun: no pass over the data is complete yet." in words(at)


def test_a_resumed_run_began_when_it_was_first_started(script):
    stopped(script)
    os.utime(script.run.folder / "config.json", (BEGIN - 86400,) * 2)
    (script.run.folder / "ticket").write_text(repr(BEGIN))  # resumed a day later
    (started,) = page(run="new").dataframe[0].value["started"]
    assert started == pd.Timestamp(*time.localtime(BEGIN - 86400)[:6])


def test_a_run_at_work_is_not_deleted(script):
    with script.start().epochs(1).state("training").alive() as run:
        at = page(run="new")
        at.session_state["train_runs_1"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
        at.run()
        at.button(key="train_delete_yes").click().run()
        assert "is at work" in at.error[0].value
        assert run.folder.exists()


def test_a_run_that_is_gone_is_said_so():
    at = page(run="nowhere")
    assert "no run nowhere" in at.info[0].value
    assert at.button(key="train_start")
    assert "run" not in at.query_params
    assert not at.run().info  # nor with every choice that follows


def test_a_damaged_run_does_not_break_the_page(script, train_places):
    (train_places / "runs" / "broken").mkdir(parents=True)
    (train_places / "runs" / "broken" / "config.json").write_text("{")
    at = page(run="new")
    assert at.dataframe[0].value["name"].tolist() == ["mine"]


@pytest.mark.parametrize("classes", [10, 62])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_network_is_drawn(name, classes):
    layers = layer_figures(ARCHITECTURES[name], 28, classes)
    drawing = diagram(layers, 28, "<")
    assert "&lt;</div>" in drawing
    assert drawing.count('class="layer"') == len(layers) + 1
    assert f"{classes} classes" in drawing
    assert f"{sum(layer.parameters for layer in layers):,} parameters" in drawing


@pytest.mark.parametrize(
    ("seconds", "exact", "rough"),
    [(0, "0 s", "5 s"), (42, "42 s", "40 s"), (100, "1 min 40 s", "1 min 40 s"), (7499, "2 h 4 min", "2 h 5 min")],
)
def test_times_for_people(seconds, exact, rough):
    assert duration(seconds) == exact
    assert roughly(seconds) == rough
