"""Each state of the pages, run by Streamlit's AppTest without a browser."""

import base64
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from conftest import ROOT, sheet
from drawn_pages import page
from streamlit.testing.v1 import AppTest

from hcr_core.preprocessing import Box
from hcr_core.recognition import Character
from ui.figures import probability_bars
from ui.reading import in_words, look, percent, remark

PAD = "recognize_pad"
SIDE = 340  # of the pad, in pixels; its module imports the canvas, which needs a running app


def app() -> AppTest:
    return AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=30)


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def draw(at: AppTest, image: np.ndarray, pad: str = PAD, **said: int) -> AppTest:
    """Put a drawing on a pad as the canvas sends it, with what else it says of it."""
    data_url = "data:image/png;base64," + base64.b64encode(png(image)).decode()
    at.session_state[pad] = {"drawing": {"raw": {"objects": [{"type": "Path"}]} | said, "data": data_url}}
    return at.run()


def shown(at: AppTest) -> str:
    assert not at.exception
    return " ".join(block.proto.body for block in at.get("html"))


def test_the_empty_page_says_what_to_do():
    at = app().run()
    assert "Write one letter or digit" in shown(at)
    assert not at.get("plotly_chart")
    assert at.button(key=f"{PAD}_undo").disabled


def test_a_drawing_is_read():
    at = draw(app().run(), sheet("R", side=SIDE, size=200))
    assert '<span class="letter">R</span>' in shown(at)
    assert len(at.get("plotly_chart")) == 1
    assert not at.button(key=f"{PAD}_undo").disabled


def test_why_shows_the_ink_that_made_the_difference():
    at = draw(app().run(), sheet("R", side=SIDE, size=200))
    assert not any("blue:" in text.value for text in at.markdown)
    at.toggle(key="recognize_draw_why").set_value(True).run()
    assert not at.exception
    assert any("blue: capital R" in text.value for text in at.markdown)
    (layers,) = (control for control in at.button_group if control.label == "Layer")
    assert len(layers.options) > 6
    assert layers.proto.wrap  # more of them than a row has room for


def test_what_cannot_be_seen_is_no_character():
    at = draw(app().run(), np.full((SIDE, SIDE, 3), 255, np.uint8))
    assert "No single character found here" in shown(at)


@pytest.mark.parametrize("button", ["undo", "clear"])
def test_an_empty_sheet_says_again_what_to_do(button):
    at = draw(app().run(), sheet("R", side=SIDE, size=200))
    at.button(key=f"{PAD}_{button}").click().run()
    assert "Write one letter or digit" in shown(at)
    assert not at.get("plotly_chart")


@pytest.mark.parametrize("data", ["", "data:image/png;base64,", "data:image/png;base64,!!!", "data:text/html,<b>"])
def test_what_is_no_png_from_the_canvas_is_an_empty_sheet(data):
    at = app().run()
    at.session_state[PAD] = {"drawing": {"raw": {"objects": []}, "data": data}}
    assert "Write one letter or digit" in shown(at.run())


def test_classes_can_be_restricted():
    at = draw(app().run(), sheet("O", side=SIDE, size=200))
    for kind, answer in (("digits", "0"), ("uppercase", "O"), ("lowercase", "o")):
        at.session_state["recognize_classes"] = kind
        assert f'<span class="letter">{answer}</span>' in shown(at.run())


def test_an_ambiguous_shape_is_said_to_be_one():
    at = draw(app().run(), sheet("O", side=SIDE, size=200))
    assert "look alike here" in shown(at)


def test_an_example_is_drawn_on_the_pad():
    at = app().run()
    at.button(key="recognize_example_A").click().run()
    assert not at.exception
    state = at.session_state[f"{PAD}_state"]
    assert [path["type"] for path in state["objects"]] == ["Path", "Path"]
    assert state["start"]["objects"] == state["objects"]  # which makes the canvas draw it


def test_the_answer_is_to_the_edit_that_is_on_the_sheet():
    """Of quick clicks the canvas sends one drawing after another, some of them late."""
    at = app().run()
    for label in "A7":
        at.button(key=f"recognize_example_{label}").click().run()
    objects = at.session_state[f"{PAD}_state"]["objects"]
    at = draw(at, sheet("7", side=SIDE, size=200), edit=2)
    assert '<span class="letter">7</span>' in shown(at)
    at = draw(at, sheet("A", side=SIDE, size=200), edit=1)
    assert '<span class="letter">7</span>' in shown(at)
    at = draw(app().run(), sheet("R", side=SIDE, size=200), edit=0)
    at.button(key="recognize_example_7").click().run()
    at = draw(at, sheet("R", side=SIDE, size=201), edit=0)
    assert at.session_state[f"{PAD}_state"]["objects"] == objects


@pytest.mark.parametrize("button", ["undo", "redo"])
def test_a_click_more_than_there_are_strokes_changes_nothing(button):
    at = draw(app().run(), sheet("R", side=SIDE, size=200))
    at.button(key=f"{PAD}_undo").click().run()
    if button == "redo":
        at.button(key=f"{PAD}_redo").click().run()
    left = at.session_state[f"{PAD}_state"]["objects"]
    again = at.button(key=f"{PAD}_{button}")
    again.proto.disabled = False  # as the browser shows it until the first click is answered
    again.click().run()
    assert not at.exception
    assert at.session_state[f"{PAD}_state"]["objects"] == left


def test_undo_redo_and_clear():
    at = draw(app().run(), sheet("R", side=SIDE, size=200))
    counts = []
    for button in ("undo", "redo", "clear"):
        at.button(key=f"{PAD}_{button}").click().run()
        counts.append(len(at.session_state[f"{PAD}_state"]["objects"]))
    assert counts == [0, 1, 0]


def test_the_drawing_is_there_again_after_another_page():
    at = draw(app().run(), sheet("R", side=SIDE, size=200))
    at.switch_page("pages/models.py").run()
    at.switch_page("pages/recognize.py").run()
    assert '<span class="letter">R</span>' in shown(at)
    assert at.session_state[f"{PAD}_state"]["start"] == {"objects": [{"type": "Path"}], "edit": 0}


def scribble() -> np.ndarray:
    """Forty strokes over each other on a white sheet, uint8 (200, 200)."""
    path = np.random.default_rng(0).integers(30, 170, (40, 1, 2)).astype(np.int32)
    return cv2.polylines(np.full((200, 200), 255, np.uint8), [path], False, 0, 3)


def upload(*files: tuple[str, bytes]) -> AppTest:
    at = app()
    at.session_state["recognize_source"] = "Upload"
    at.run()
    at.get("file_uploader")[0].set_value([(name, data, "image/png") for name, data in files])
    return at.run()


def test_an_upload_is_read():
    assert '<span class="letter">K</span>' in shown(upload(("k.png", png(sheet("K")))))


@pytest.mark.parametrize("elsewhere", ["Draw", "pages/models.py"])
def test_uploads_are_there_again_after_going_elsewhere(elsewhere):
    at = upload(("a.png", png(sheet("A"))), ("k.png", png(sheet("K"))))
    if elsewhere == "Draw":
        at.session_state["recognize_source"] = "Draw"
        at.run()
        at.session_state["recognize_source"] = "Upload"
    else:
        at.switch_page(elsewhere).run()
        at.switch_page("pages/recognize.py")
    at.run()
    assert at.get("file_uploader")[0].value == []
    assert any("a.png, k.png, from before" in text.value for text in at.markdown)
    at.get("file_uploader")[0].set_value([("r.png", png(sheet("R")), "image/png")])
    assert at.run().dataframe[0].value["text"].tolist() == ["A", "K", "R"]
    at.button(key="recognize_files_before_remove").click().run()
    assert '<span class="letter">R</span>' in shown(at)
    assert not at.dataframe


def test_no_more_is_kept_of_uploads_than_there_is_room_for(monkeypatch):
    from ui import uploads

    monkeypatch.setattr(uploads, "_MOST_KEPT", 10)
    files = [uploads.Upload(str(size), "x.png", bytes(size)) for size in (4, 6, 1)]
    assert uploads._first_of(files) == files[:2]


def test_no_more_is_kept_of_uploads_while_the_visitor_is_elsewhere(monkeypatch):
    from ui import uploads

    first, second = png(sheet("A")), png(sheet("K"))
    monkeypatch.setattr(uploads, "_MOST_KEPT", len(first))
    at = upload(("a.png", first), ("k.png", second))
    assert at.dataframe[0].value["text"].tolist() == ["A", "K"]
    at.switch_page("pages/models.py").run()
    assert [file.name for file in at.session_state["recognize_files_here"]] == ["a.png"]


def test_several_uploads_give_a_table():
    at = upload(("a.png", png(sheet("A"))), ("bad.png", b"text"), ("blank.png", png(sheet("A") * 0 + 255)))
    table = at.dataframe[0].value
    assert table["file"].tolist() == ["a.png", "bad.png", "blank.png"]
    assert table["text"].tolist() == ["A", "", ""]
    assert "not an image" in table["error"][1]


def test_several_uploads_say_of_each_what_is_in_doubt():
    blank, words = png(np.full((200, 200), 255, np.uint8)), png(page("Hot fox", "jumps"))
    at = upload(("a.png", png(sheet("A"))), ("s.png", png(scribble())), ("blank.png", blank), ("page.png", words))
    doubts = ["", "Probably not a character.", "No character found here.", at.dataframe[0].value["doubt"][3]]
    assert at.dataframe[0].value["doubt"].tolist() == doubts
    assert doubts[3].endswith(", but more.")
    captions = [caption.value for caption in at.caption]
    assert [f":orange[{doubt}]" in captions for doubt in doubts[1:]] == [True] * 3
    assert "There seems to be more than one character on 1 of these pictures." in [m.value for m in at.markdown]
    at.button(key="recognize_read_all").click().run()
    assert not at.exception
    assert at.dataframe[0].value["text"][3].count(" / ") == 1


def _a_choice_of_uploads():
    import streamlit as st

    from ui.reading import _open_row
    from ui.uploads import keep_in_full

    files, widget = st.session_state["files"], st.session_state["widget"]
    keep_in_full(files, widget)
    st.selectbox("In full", range(len(files)), format_func=files.__getitem__, key=widget)
    st.button("a click on the table's last row", on_click=_open_row, args=("table", widget))


def test_of_several_uploads_the_newest_is_in_full_until_another_is_chosen():
    at = AppTest.from_function(_a_choice_of_uploads, default_timeout=30)

    def in_full(files: str, widget: str = "one") -> str:
        at.session_state["files"], at.session_state["widget"] = list(files), widget
        at.run()
        assert not at.exception
        return files[at.selectbox[0].value]

    assert in_full("ab") == "a"  # the first of what came at once
    assert in_full("abcd") == "c"
    at.selectbox[0].set_value(1)
    assert in_full("abcd") == "b"
    assert in_full("bcd") == "b"
    assert in_full("cd") == "c"
    at.session_state["table"] = SimpleNamespace(selection=SimpleNamespace(cells=[(1, "text")]))
    at.button[0].click()
    assert in_full("cd") == "d"
    assert in_full("cd", "other") == "d"
    at.selectbox[0].set_value(0)
    assert in_full("cd", "other") == "c"
    assert in_full("cd", "one") == "c"


def test_several_uploads_of_a_character_each_are_in_no_doubt():
    at = upload(("a.png", png(sheet("A"))), ("k.png", png(sheet("K"))))
    assert not at.exception
    assert "recognize_read_all" not in [button.key for button in at.button]
    assert not any("orange" in caption.value for caption in at.caption)
    assert list(at.dataframe[0].value) == ["file", "text", "probability", "candidates"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"hello", "not an image"),
        (png(sheet("A"))[:200], "cannot be read"),
    ],
)
def test_a_bad_upload_is_one_sentence_and_the_page_goes_on(data, sentence):
    at = upload(("x.png", data))
    assert not at.exception
    assert sentence in at.error[0].value


@pytest.mark.parametrize("size", [(5000, 2), (2, 5000), (1, 1)])
def test_an_upload_of_any_shape_is_shown(size):
    at = upload(("line.png", png(np.full(size[::-1], 255, np.uint8))))
    assert "No single character found here" in shown(at)
    at = upload(("line.png", png(np.full(size[::-1], 255, np.uint8))), ("k.png", png(sheet("K"))))
    assert at.dataframe[0].value["text"].tolist() == ["", "K"]


def test_a_new_stroke_ends_what_can_be_redone():
    at = draw(app().run(), sheet("R", side=SIDE, size=200))
    at.button(key=f"{PAD}_undo").click().run()
    assert not at.button(key=f"{PAD}_redo").disabled
    at = draw(at, sheet("L", side=SIDE, size=200))
    assert at.button(key=f"{PAD}_redo").disabled


def test_the_camera_waits_for_a_photo():
    at = app()
    at.session_state["recognize_source"] = "Camera"
    assert "Take a photo" in shown(at.run())


def test_the_models_page_shows_the_card():
    at = app()
    at.switch_page("pages/models.py")
    at.query_params["show"] = "Card"
    at.run()
    assert not at.exception
    text = " ".join(element.value for element in [*at.markdown, *at.header, *at.caption])
    assert "characters" in text
    assert "UNIPEN" in text


@pytest.mark.parametrize(
    ("p", "text"), [(1, "100 %"), (0.9999, "> 99 %"), (0.973, "97 %"), (0.004, "< 1 %"), (0, "0 %")]
)
def test_percent_never_claims_certainty(p, text):
    assert percent(p) == text


def test_labels_in_words():
    assert in_words(["O"]) == "capital O"
    assert in_words(["O", "o", "0"]) == "capital O, small o and zero"


def character(candidates: dict[str, float], lookalikes: str = "") -> Character:
    label, p = next(iter(candidates.items()))
    glyph = np.zeros((28, 28), np.uint8)
    return Character(label, p, tuple(candidates.items()), Box(0, 0, 1, 1), glyph, tuple(lookalikes))


@pytest.mark.parametrize(
    ("candidates", "lookalikes", "text"),
    [
        ({"R": 0.97, "K": 0.03}, "", ""),
        ({"O": 0.6, "0": 0.25, "o": 0.15}, "0o", "Capital O, zero and small o look alike here: 0 25 %, o 15 %."),
        ({"R": 0.4, "K": 0.3, "A": 0.3}, "", "Unsure: it could also be capital K or capital A."),
        ({"R": 0.55, "K": 0.01}, "", "Unsure."),
    ],
    ids=["clear", "look-alikes", "unsure", "unsure without a rival"],
)
def test_remarks(candidates, lookalikes, text):
    assert remark(character(candidates, lookalikes)) == text


def test_what_is_refused_is_said_to_be_no_character():
    scribble = replace(character({"R": 0.97, "K": 0.03}), written=0.01, refused=True)
    assert remark(scribble) == "If it is one, capital R comes closest."
    assert scribble.to_dict()["refused"] is True
    assert "refused" not in replace(scribble, refused=False).to_dict()


def test_the_headline_does_not_name_what_is_refused():
    text = shown(upload(("scribble.png", png(scribble()))))
    headline, rest = text.split('<p class="name">')[1].split("</p>", 1)
    assert headline == "<b>Probably not a character</b>"
    assert "If it is one, " in rest
    assert "among characters: <b>" in rest


@pytest.mark.parametrize("paper", [(255, 255, 255), (90, 140, 200)], ids=["white", "blue"])
def test_beyond_the_image_is_paper_around_the_ink(paper):
    """A long stroke, and a dark edge of the image that is not repeated."""
    wide = np.full((100, 400, 3), paper, np.uint8)
    wide[60:64, 40:360] = 0
    wide[-1] = 60
    seen = look(wide, "all", "characters")
    assert (seen.ink[:20] == paper).all()
    assert (seen.ink[-20:] == paper).all()


def test_bars_show_every_class_in_the_order_asked_for():
    candidates = [("b", 0.7), ("A", 0.2), ("1", 0.1), ("B", 0.0)]
    best = probability_bars(candidates, log=False, by_probability=True)
    assert best.layout.xaxis.categoryarray == ("b", "A", "1", "B")
    assert "monospace" in best.layout.xaxis.tickfont.family  # l, I and 1 differ in it
    assert sorted(label for bar in best.data for label in bar.x) == ["1", "A", "B", "b"]
    sorted_bars = probability_bars(candidates, log=True, by_probability=False)
    assert sorted_bars.layout.xaxis.categoryarray == ("1", "A", "B", "b")
    assert min(y for bar in sorted_bars.data for y in bar.y) > 0  # a logarithm needs it


def test_labels_are_shown_as_text():
    text = shown(AppTest.from_function(_hostile_label, default_timeout=30).run())
    assert '<span class="letter">&lt;b&gt;</span>' in text
    assert "<b><i></b>" not in text


def _hostile_label():
    import numpy as np

    from hcr_core.preprocessing import Box
    from hcr_core.recognition import Character, Line, Reading, Word
    from ui.reading import answer

    glyph = np.zeros((28, 28), np.uint8)
    bad = Character("<b>", 0.9, (("<b>", 0.9), ("<i>", 0.1)), Box(0, 0, 1, 1), glyph, ())
    answer(Reading((Line((Word((bad,)),)),), "x"))


def test_the_canvas_sends_a_stroke_at_once_and_needs_no_pandas():
    """Where another release of the package writes otherwise what is changed here, it has to be found again."""
    import streamlit_drawable_canvas as package

    shown(app().run())  # its module registers the canvas
    from ui import canvas

    (script,) = (Path(package.__file__).parent / "frontend" / "build").glob("index-*.js")
    assert {script.read_text().count(part) for part in canvas.CHANGES} == {1}
    (served,) = (Path(canvas._folder.name) / "build").glob("index-*.js")
    assert {served.read_text().count(part) for part in canvas.CHANGES.values()} == {1}
