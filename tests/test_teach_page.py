"""Marking answers, writing sheets, what was collected and adapting, in each state, without a browser."""

import base64
import shutil

import numpy as np
import pytest
from conftest import page_at, sheet
from streamlit.testing.v1 import AppTest
from test_pages import app, draw, png, scribble, shown

from hcr_core import corrections
from hcr_core.alphabet import spoken
from hcr_core.corrections import Choice, Sample
from hcr_core.datasets import DatasetError, available, load
from hcr_core.datasets.pen_alphabet import pen_strokes
from hcr_core.guided_sheet import glyph_of
from hcr_core.model_store import open_folder, open_model, save_model
from hcr_core.training import job
from ui.reading import plain
from ui.teach.brought import in_a_sentence

SIDE = 340
PAD = "teach_pad"


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    for name in ("CORRECTIONS", "MODELS", "RUNS", "IMPORTED"):
        monkeypatch.setenv(f"HCR_{name}_DIR", str(tmp_path / name.lower()))
    return tmp_path


def texts(at: AppTest) -> str:
    assert not at.exception
    kinds = (at.markdown, at.caption, at.info, at.success, at.error)
    return " ".join(element.value for kind in kinds for element in kind)


def drawn(at: AppTest, label: str = "R") -> AppTest:
    return draw(at, sheet(label, side=SIDE, size=200))


def test_a_right_answer_is_marked_and_unmarked():
    at = drawn(app().run())
    at.button(key="teach_mark_draw_right").click().run()
    assert "marked right" in texts(at)
    (kept,) = corrections.samples()
    assert (kept.label, kept.read_as, kept.model, kept.origin) == ("R", "R", "characters", "draw")
    assert kept.right
    at.button(key="teach_mark_draw_undo").click().run()
    assert corrections.samples() == []
    assert at.button(key="teach_mark_draw_right")


def field(at: AppTest):
    """Where any other answer is typed."""
    return next(text for text in at.text_input if text.label == "or write it")


def test_a_wrong_answer_is_corrected_by_a_click_or_by_typing():
    at = drawn(app().run())
    at.button(key="teach_mark_draw_other_0").click().run()
    first = corrections.samples()[0]
    assert (first.read_as, first.right) == ("R", False)
    assert first.label in "rKkhPA2"
    assert "kept as" in texts(at)
    at = drawn(at, "L")
    typed = field(at).set_value(" Λ ")
    typed.run()
    assert [sample.label for sample in corrections.samples()] == ["Λ", first.label]
    assert "kept as **Λ**" in texts(at)
    # Streamlit keeps what it knows of a widget for the whole visit: a new one for each character adds up.
    again = field(drawn(at, "K"))
    assert (again.id, again.value) == (typed.id, "")


def test_what_is_probably_no_character_is_not_marked_right():
    at = draw(app().run(), scribble())
    assert "Probably not a character" in shown(at)
    assert "Did you write a character?" in texts(at)
    assert "teach_mark_draw_right" not in [button.key for button in at.button]
    closest = at.button(key="teach_mark_draw_other_0").label
    assert f"{spoken(closest)} comes closest" in shown(at)
    at.button(key="teach_mark_draw_other_0").click().run()
    assert f"kept as **{closest}**" in texts(at)
    assert [(kept.label, kept.read_as) for kept in corrections.samples()] == [(closest, "")]


def test_a_drawing_is_kept_with_its_strokes():
    at = app().run()
    at.button(key="recognize_example_A").click().run()
    objects = at.session_state["recognize_pad_state"]["objects"]
    data_url = "data:image/png;base64," + base64.b64encode(png(sheet("A", side=SIDE, size=200))).decode()
    at.session_state["recognize_pad"] = {"drawing": {"raw": {"objects": objects}, "data": data_url}}
    at.run()
    at.button(key="teach_mark_draw_right").click().run()
    assert [len(stroke) for stroke in corrections.samples()[0].strokes] == [3, 2]


def test_an_upload_is_marked(places):
    at = app()
    at.session_state["recognize_source"] = "Upload"
    at.run()
    at.get("file_uploader")[0].set_value([("k.png", png(sheet("K")), "image/png")]).run()
    at.button(key="teach_mark_upload_right").click().run()
    assert [(s.label, s.origin, s.strokes) for s in corrections.samples()] == [("K", "upload", ())]


def test_two_visitors_do_not_see_each_others_marks():
    one, other = drawn(app().run()), drawn(app().run())
    one.button(key="teach_mark_draw_right").click().run()
    other.run()
    assert other.button(key="teach_mark_draw_right")
    with pytest.raises(KeyError):
        one.button(key="teach_mark_draw_right")


@pytest.mark.parametrize("variable", ["HCR_COLLECT=0", "HCR_PUBLIC=1"])
def test_where_nothing_is_collected_nothing_is_asked_or_shown(monkeypatch, variable):
    corrections.keep(Sample(glyph_of(pen_strokes("A")), "A"))
    monkeypatch.setenv(*variable.split("="))
    at = drawn(app().run())
    assert '<span class="letter">R</span>' in shown(at)
    assert not [button for button in at.button if str(button.key).startswith("teach_mark")]
    at = page_at("pages/teach.py", step="Samples")
    assert "switched off" in texts(at)
    assert not at.dataframe
    assert not at.button


def test_the_page_says_who_sees_what_is_written():
    at = page_at("pages/teach.py")
    assert "everyone who opens the Teach page sees these samples" in texts(at)
    assert "what stands in its corner" in texts(at)


def write_sheet(at: AppTest, labels: str) -> AppTest:
    """Write into the first cells of the sheet, as the canvas sends it, and keep it."""
    objects, cell = [], SIDE / 3
    for i, label in enumerate(labels):
        corner = np.array([i % 3, i // 3]) * cell + 30
        for stroke in pen_strokes(label):
            points = (stroke * 0.6 + corner).tolist()
            objects.append({"type": "Path", "path": [["M", *points[0]], *(["L", *p] for p in points[1:])]})
    data_url = "data:image/png;base64," + base64.b64encode(png(np.zeros((SIDE, SIDE), np.uint8))).decode()
    at.session_state[PAD] = {"drawing": {"raw": {"objects": objects}, "data": data_url}}
    at.run()
    return at.button(key="teach_keep").click().run()


def test_a_sheet_is_kept_cell_by_cell_and_taken_back():
    at = page_at("pages/teach.py")
    at.text_input(key="teach_writer").set_value("Ada").run()
    write_sheet(at, "ABC")
    assert [(s.label, s.writer, s.origin) for s in corrections.samples()] == [
        (label, "Ada", "sheet") for label in "CBA"
    ]
    assert corrections.samples()[0].strokes
    assert at.session_state[f"{PAD}_state"]["objects"] == []
    html = " ".join(block.proto.body for block in at.get("html"))
    assert "cell 1: D" in html  # what was written least comes next
    at.button(key="teach_back").click().run()
    assert corrections.samples() == []


def test_a_letter_in_the_wrong_cell_is_said():
    assert not write_sheet(page_at("pages/teach.py"), "ABC").warning
    at = write_sheet(page_at("pages/teach.py"), "BAC")
    (warning,) = at.warning
    assert "your **A** looks like **B**, your **B** looks like **A**." in warning.value
    assert not at.button(key="teach_back").click().run().warning


def test_who_gives_no_name_has_the_progress_of_their_own_visit():
    def progress(at: AppTest) -> str:
        return at.get("progress")[0].proto.text

    first, second = write_sheet(page_at("pages/teach.py"), "ABC"), page_at("pages/teach.py")
    assert progress(first) == "3 of 78 written"
    assert progress(second) == "0 of 78 written"
    corrections.delete([corrections.samples()[0].id])
    assert progress(first.run()) == "2 of 78 written"
    assert progress(write_sheet(second, "A")) == "1 of 78 written"
    assert progress(first.run()) == "2 of 78 written"
    assert len(corrections.samples(Choice(writer=""))) == 3


def test_any_script_can_be_typed():
    at = page_at("pages/teach.py")
    at.session_state["teach_alphabet"] = "My own"
    at.run()
    assert "of any script" in texts(at)
    at.text_input(key="teach_own").set_value("किगघ").run()
    html = " ".join(block.proto.body for block in at.get("html"))
    assert "cell 1: कि, cell 2: ग, cell 3: घ, cell 4: कि, " in html
    write_sheet(at, "AB")
    assert {sample.label for sample in corrections.samples()} == {"कि", "ग"}


def fill(text: str, writer: str = "") -> None:
    for label in text:
        corrections.keep(
            Sample(
                glyph_of(pen_strokes(label)), label, origin="sheet", writer=writer, strokes=tuple(pen_strokes(label))
            )
        )


def test_what_was_collected_is_listed_filtered_and_deleted():
    fill("AAB", "Ada")
    fill("C")
    at = page_at("pages/teach.py", step="Samples")
    assert at.dataframe[0].value["says"].tolist() == ["C", "B", "A", "A"]
    at.selectbox(key="teach_label_4").select("A").run()
    assert at.dataframe[0].value["writer"].tolist() == ["Ada", "Ada"]
    at.button(key="teach_delete_yes").click().run()
    assert corrections.overview().labels == {"B": 1, "C": 1}


def test_nothing_collected_is_said():
    assert "Nothing yet" in texts(page_at("pages/teach.py", step="Samples"))
    assert "nothing to learn from yet" in texts(page_at("pages/teach.py", step="Adapt"))


def test_twenty_samples_open_adapting(monkeypatch):
    started = []
    monkeypatch.setattr(job, "start", lambda config: started.append(config) or job.Run(job.runs_folder() / "x"))
    fill("ABCDEFGHIJKLMNOPQRS", "Ada")
    at = page_at("pages/teach.py", step="Adapt")
    assert at.button(key="teach_adapt").disabled
    assert "1 to go" in texts(at)
    fill("T", "Ada")
    at.session_state["teach_writer"] = "Ada"
    at.run()
    assert not at.button(key="teach_adapt").disabled
    at.button(key="teach_adapt").click().run()
    (config,) = started
    assert (config.name, config.base, config.writer, config.data) == ("ada", "characters", "Ada", ("mine",))
    assert config.store.endswith("models")


@pytest.mark.parametrize("name", ["*my* hand", "characters"])
def test_a_name_that_cannot_be_had_is_refused_where_it_is_and_the_page_stays(name):
    fill("ABCDEFGHIJKLMNOPQRST")
    at = page_at("pages/teach.py", step="Adapt")
    next(field for field in at.text_input if field.label == "Name of the adapted model").set_value(name)
    at.button(key="teach_adapt").click().run()
    (error,) = at.error
    assert plain(name) in error.value  # and not in italics
    assert "Teach a script from nothing" in [heading.value for heading in at.subheader]


def test_unknown_characters_are_taught_from_nothing(monkeypatch):
    started = []
    monkeypatch.setattr(job, "start", lambda config: started.append(config) or job.Run(job.runs_folder() / "x"))
    for label in "αβ" * 3 + "A":
        corrections.keep(Sample(glyph_of(pen_strokes("a")), label, origin="sheet"))
    at = page_at("pages/teach.py", step="Adapt")
    assert "does not know α β" in texts(at)
    assert at.multiselect[0].value == ["α", "β"]
    at.button(key="teach_train").click().run()
    assert not at.error
    (config,) = started
    assert (config.name, config.classes, config.base, config.data) == ("my-script", "α,β", "", ("mine",))


def test_what_adapting_brought_is_shown(places):
    fill("ABCDEFGHIJ" * 3)
    shipped = open_model("characters")
    told = {"base": "characters", "writer": None, "samples": 24, "rehearsed": ["synthetic"]}
    told |= {"held_back": {"images": 6, "before": 0.5, "after": 0.75}, "before": {"unipen": {"accuracy": 0.7}}}
    card = {key: value for key, value in shipped.card.items() if key != "files"} | {"adaptation": told}
    card["held_out"] = {"unipen": {"accuracy": 0.71}}
    save_model(places / "models", "ada", card, {name: shipped.read(name) for name in shipped.card["files"]})
    at = page_at("pages/teach.py", step="Adapt")
    (row,) = at.dataframe[0].value.to_dict("records")
    assert (row["model"], row["this hand"], row["unipen"]) == ("ada", "50.0 % → 75.0 %", "70.0 % → 71.0 %")
    held = corrections.count() - sum(s.part == "train" for s in corrections.samples())
    assert f"Of {held} samples held back on this machine" in texts(at)
    shutil.copytree(places / "models" / "ada", places / "models" / "broken")
    (places / "models" / "broken" / "model.tflite").write_bytes(b"nothing")
    at.run()
    assert [row["model"] for row in at.dataframe[0].value.to_dict("records")] == ["ada"]
    assert "broken" in at.warning[0].value


def test_what_adapting_brought_is_said_in_a_sentence():
    held = {"images": 6, "before": 0.5, "after": 2 / 3}
    told = {"base": "characters", "held_back": held, "before": {"unipen": {"accuracy": 0.7}, "gone": {"accuracy": 1}}}
    words = in_a_sentence({"adaptation": told, "held_out": {"unipen": {"accuracy": 0.71}}})
    assert words.startswith("Of 6 samples of this hand that were held back, **characters** read 50.0 % right")
    assert words.endswith("reads **66.7 %**; unipen: 70.0 % before, 71.0 % now.")
    assert in_a_sentence({}) == ""


def test_labels_names_and_cards_are_shown_as_text():
    """The shortest that would have a visitor's browser ask another host."""
    nasty, escaped = "![](//a.bc/d)", "\\!\\[\\]\\(//a.bc/d\\)"
    for label in (nasty, "B"):
        corrections.keep(Sample(glyph_of(pen_strokes("B")), label, writer=nasty))
    words = texts(page_at("pages/teach.py", step="Adapt"))
    assert f"does not know {escaped}" in words
    assert f"samples of {escaped}" in words
    at = page_at("pages/teach.py", step="Samples")
    at.selectbox(key="teach_by_2").select(nasty).run()
    assert any(escaped in switch.label for switch in at.segmented_control)
    told = {"base": nasty, "held_back": {"images": 6, "before": 0.5, "after": 0.5}, "before": {nasty: {"accuracy": 1}}}
    assert nasty not in in_a_sentence({"adaptation": told, "held_out": {nasty: {"accuracy": 1}}})


def test_a_damaged_database_is_said_and_costs_nothing_else():
    at = drawn(app().run())
    at.button(key="teach_mark_draw_right").click().run()
    for path in corrections.database().parent.iterdir():
        path.write_bytes(b"no database at all " * 500)
    assert '<span class="letter">R</span>' in shown(at.run())
    at.button(key="teach_mark_draw_undo").click().run()
    assert "the corrections cannot be used" in texts(at)
    assert "the corrections cannot be used" in texts(page_at("pages/teach.py"))
    at = page_at("pages/explore.py", data="digits")
    assert not at.exception
    assert not at.error
    assert "digits" in available()
    with pytest.raises(DatasetError, match="the corrections cannot be used"):
        load("mine")


def test_a_sheet_that_cannot_be_taken_back_is_said():
    at = write_sheet(page_at("pages/teach.py"), "A")
    for path in corrections.database().parent.iterdir():
        path.write_bytes(b"no database at all " * 500)
    at.button(key="teach_back").click().run()
    assert "the corrections cannot be used" in texts(at)


def test_an_own_model_is_deleted_on_the_models_page(places):
    shipped = open_model("characters")
    files = {name: shipped.read(name) for name in shipped.card["files"]}
    folder = save_model(places / "models", "own", {k: v for k, v in shipped.card.items() if k != "files"}, files)
    assert open_folder(folder).name == "own"
    at = page_at("pages/models.py", show="Card")
    assert not [button for button in at.button if str(button.key).startswith("card_delete")]
    at.selectbox(key="model").select("own").run()
    at.button(key="card_delete_own").click().run()
    assert not at.exception
    assert not folder.exists()
