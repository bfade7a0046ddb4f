"""Words, lines and pages on the Recognize page, run by Streamlit's AppTest without a browser."""

import json

import numpy as np
import pytest
from conftest import sheet
from drawn_pages import letters, page
from streamlit.elements.lib import policies
from streamlit.testing.v1 import AppTest
from test_pages import app, draw, png

from hcr_core import Recognizer
from hcr_core.preprocessing import Box
from hcr_core.reading_corrections import Correction

TEXT = ("The quick brown fox", "jumps over 13 dogs")
LINE_PAD = "recognize_line_pad"


def digest(image: bytes) -> str:
    """Under which the app keeps what was corrected on a photo."""
    from ui.page_reading import pages_read

    return pages_read.digest(image)


def upload(layout: str, *files: tuple[str, bytes], **state: str) -> AppTest:
    at = app()
    at.session_state["recognize_source"] = "Upload"
    at.session_state["recognize_photo_layout"] = layout
    for key, value in state.items():
        at.session_state[key] = value
    at.run()
    at.get("file_uploader")[0].set_value([(name, data, "image/png") for name, data in files])
    at.run()
    assert not at.exception
    return at


def sheets(at: AppTest) -> list[dict]:
    """What each picture with boxes was given to show."""
    assert not at.exception
    views = [view.proto for view in at.get("bidi_component") if view.proto.component_name == "hcr_page_sheet"]
    return [json.loads(view.json) for view in views]


def text_of(shown: dict) -> str:
    """What stands beside the picture, with the corrections it began with."""

    def word(first: int, count: int) -> str:
        return "".join(
            shown["labels"].get(str(i), shown["characters"][i]["label"]) for i in range(first, first + count)
        )

    return "\n".join(" ".join(word(w["first"], w["count"]) for w in line) for line in shown["lines"])


def correct(at: AppTest, labels: object, subject: str) -> AppTest:
    """As the browser sends corrections."""
    from ui.page_reading import pages_read

    (shown,) = sheets(at)
    characters = shown["characters"]
    kept = [
        Correction(Box(*characters[i]["box"]), characters[i]["label"], label)
        for i, label in pages_read.accepted(labels, len(characters)).items()
    ]
    at.session_state["page_corrections"] = {subject: tuple(kept)}
    return at.run()


def remarks(at: AppTest) -> list[str]:
    """What stands above the text."""
    return sheets(at)[0]["remarks"]


def said(at: AppTest) -> str:
    assert not at.exception
    return " ".join(element.value for element in [*at.markdown, *at.caption, *at.info, *at.error])


def test_an_uploaded_page_is_shown_with_a_box_for_every_character():
    image = page(*TEXT)
    (shown,) = sheets(upload("page", ("notes.png", png(image))))
    assert letters(text_of(shown)) == letters("".join(TEXT))
    assert (shown["width"], shown["height"]) == image.shape[1::-1]
    assert [len(line) for line in shown["lines"]] == [4, 4]
    assert len(shown["characters"]) == len(letters("".join(TEXT)))
    assert shown["picture"].startswith("data:image/jpeg;base64,")


def test_a_page_that_lies_on_its_side_is_shown_upright():
    (shown,) = sheets(upload("page", ("turned.png", png(np.rot90(page(*TEXT))))))
    assert shown["width"] > shown["height"]
    assert letters(text_of(shown)) == letters("".join(TEXT))


def test_look_alikes_are_said_to_be_some_and_can_be_chosen():
    (shown,) = sheets(upload("line", ("so.png", png(page("RO", gap=12)))))
    first, second = shown["characters"]
    assert (first["label"], first["alike"]) == ("R", "")
    assert (second["label"], second["sure"]) == ("O", True)
    assert second["alike"] == "Capital O, zero and small o look alike; its neighbours decided."
    offered = [label for label, _ in second["candidates"]]
    assert offered[0] == "O"
    assert {"0", "o"} < set(offered)
    assert len(offered) == len(first["candidates"]) == 6


def test_only_the_kind_of_characters_chosen_is_read():
    (shown,) = sheets(upload("page", ("p.png", png(page("SOIL 501"))), recognize_classes="digits"))
    assert text_of(shown).replace(" ", "").isdigit()


def test_reruns_do_not_read_again(monkeypatch):
    read, layouts = Recognizer.read, []

    def counted(self, image, layout="character", *rest, **options):
        layouts.append(layout)
        return read(self, image, layout, *rest, **options)

    monkeypatch.setattr(Recognizer, "read", counted)
    at = upload("page", ("p.png", png(page("read", "only once"))))
    at.run()
    for kind in ("uppercase", "all"):
        at.session_state["recognize_classes"] = kind
        at.run()
    assert layouts == ["page", "page"]  # with all characters, and with capitals only


def test_corrections_are_kept_with_the_image_they_were_made_on():
    image = png(page(*TEXT))
    sent = {"0": "<b>W</b>", "1": "", "2": "\u202ee"}
    at = correct(upload("page", ("p.png", image)), sent, digest(image))
    (shown,) = sheets(at)
    assert shown["labels"] == {"0": "<b>W</b>", "1": "", "2": "e"}
    assert text_of(shown).startswith("<b>W</b>e ")
    at.session_state["recognize_photo_layout"] = "line"
    assert sheets(at.run())[0]["labels"] == shown["labels"]
    at.session_state["recognize_classes"] = "digits"
    assert sheets(at.run())[0]["labels"] == {}
    assert remarks(at)[-1:] == ["3 corrections no longer apply: what was corrected is cut or read differently now."]
    at.session_state["recognize_classes"] = "all"
    at.session_state["recognize_photo_layout"] = "page"
    assert sheets(at.run())[0]["labels"] == shown["labels"]


@pytest.mark.parametrize(
    "sent", [None, [], "x", {"a": "b"}, {"-1": "b"}, {"999": "b"}, {"0": 7}, {"²": "b"}, {"9" * 5000: "b"}]
)
def test_what_is_no_correction_is_not_kept(sent):
    from ui.page_reading.pages_read import accepted

    assert accepted(sent, 10) == {}


def test_a_correction_of_the_reading_before_the_last_stroke_is_found_in_the_new_one(monkeypatch):
    import streamlit as st

    from ui.page_reading import pages_read

    def read(identity: str, text: str) -> pages_read.ReadPage:
        reading = Recognizer.load().read(page(text), "line")
        return pages_read.ReadPage(identity, "sheet", None, reading, reading, "", (1, 1))

    monkeypatch.setattr(st, "session_state", {})
    before, after = read("before", "HL"), read("after", "HLA")
    for shown in (before, after, after):
        pages_read.remember_shown(shown)
    pages_read.keep_corrections("before", {"0": "M"})
    assert pages_read.corrections_of(after) == {0: "M"}
    pages_read.keep_corrections("another", {"1": "x"})
    assert pages_read.corrections_of(after) == {0: "M"}


def test_an_empty_sheet_is_said_to_be_empty():
    at = upload("page", ("blank.png", png(np.full((300, 400), 255, np.uint8))))
    assert "Nothing written was found" in said(at)
    assert not sheets(at)


def test_every_step_can_be_looked_at():
    at = upload("page", ("p.png", png(page(*TEXT))))
    assert not at.get("image")
    at.toggle(key="recognize_page_steps").set_value(True).run()
    assert not at.exception
    captions = [image.proto.imgs[0].caption for image in at.get("image")]
    assert [caption.split(".")[0].lower() for caption in captions] == [
        *("original", "background", "ink", "rules", "lines", "boxes")
    ]
    assert captions[2].split(". ")[1].startswith("What is darker")
    assert captions[3] == "Rules. None were found."


def test_rules_that_were_found_are_not_said_to_be_none():
    image = page(*TEXT)
    for y in range(90, image.shape[0], 80):
        image[y : y + 2, 20:-20] = (120, 140, 200)
    at = upload("page", ("ruled.png", png(image)))
    at.toggle(key="recognize_page_steps").set_value(True).run()
    captions = [image.proto.imgs[0].caption for image in at.get("image")]
    assert captions[3] == "Rules. Ruled lines and boxes that were taken away."


def test_joined_words_are_named():
    image = page("nunun", gap=-4)
    assert "Looks joined up: **" in said(upload("line", ("j.png", png(image))))
    assert "joined" not in said(upload("line", ("apart.png", png(page("minimum", gap=12)))))


def test_a_page_of_joined_words_is_said_to_be_read_badly_above_its_text():
    at = upload("page", ("j.png", png(page("nunun nunun", "nunun nunun", gap=-4))))
    (sentence,) = remarks(at)
    assert "words look joined up" in sentence
    assert remarks(upload("page", ("p.png", png(page(*TEXT))))) == []


def test_a_language_changes_words_and_says_which():
    at = upload("page", ("a.png", png(page("afternaon", gap=12))))
    assert text_of(sheets(at)[0]) == "afternaon"
    assert "afternaon" not in said(at)
    at.selectbox(key="recognize_language").select("en").run()
    (shown,) = sheets(at)
    assert (text_of(shown), shown["lines"][0][0]["before"]) == ("afternoon", "afternaon")
    assert "afternaon → **afternoon**" in said(at)


def test_every_word_that_a_language_changed_can_be_seen():
    at = upload("page", ("a.png", png(page(*["afternaon " * 3] * 3, width=1400, gap=12))), recognize_language="en")
    assert said(at).count("afternaon → **afternoon**") == 8 + 9
    assert [expander.label for expander in at.expander] == ["All 9 words that were changed"]


def test_corrections_stay_where_the_language_changes_nothing():
    image = png(page("afternaon", gap=12))
    at = correct(upload("page", ("a.png", image)), {"0": "A", "6": "u"}, digest(image))
    at.selectbox(key="recognize_language").select("en").run()
    (shown,) = sheets(at)
    assert (text_of(shown), shown["labels"]) == ("Afternoon", {"0": "A"})
    assert remarks(at) == ["1 correction no longer applies: what was corrected is cut or read differently now."]
    at.selectbox(key="recognize_language").select("").run()
    assert text_of(sheets(at)[0]) == "Afternuon"
    assert remarks(at) == []


def test_several_pages_give_a_table():
    files = [("a.png", png(page(*TEXT))), ("bad.png", b"text"), ("one.png", png(sheet("K")))]
    at = upload("auto", *files)
    table = at.dataframe[0].value
    assert table["file"].tolist() == ["a.png", "bad.png", "one.png"]
    assert letters(table["text"][0]) == letters("".join(TEXT))
    assert " / " in table["text"][0]
    assert table["text"].tolist()[1:] == ["", "K"]
    assert "not an image" in table["error"][1]
    at.selectbox(key="recognize_page_shown").select_index(1).run()
    assert "not an image" in said(at)


def test_a_character_alone_is_found_out_to_be_one():
    at = upload("auto", ("k.png", png(sheet("K"))))
    assert not sheets(at)
    assert any('<span class="letter">K</span>' in block.proto.body for block in at.get("html"))


def test_a_page_read_as_one_character_is_offered_to_be_read_whole(monkeypatch, caplog):
    monkeypatch.setattr(policies, "_shown_default_value_warning", False)  # it is given once only
    at = upload("character", ("p.png", png(page(*TEXT))))
    assert not sheets(at)
    at.button(key="recognize_read_all").click().run()
    assert letters(text_of(sheets(at)[0])) == letters("".join(TEXT))
    assert "default value" not in caplog.text
    at = upload("character", ("k.png", png(sheet("K"))))
    assert not [button for button in at.button if button.key == "recognize_read_all"]


@pytest.mark.parametrize("count", [1, 2])
def test_on_a_phone_too_what_was_read_as_one_character_is_offered_to_be_read_whole(monkeypatch, count):
    app().run()  # what is imported then can be changed
    monkeypatch.setattr("ui.page_reading.room.on_a_phone", lambda: True)
    at = upload("character", *[(f"{i}.png", png(page(*TEXT))) for i in range(count)])
    assert at.button(key="recognize_read_all").label == "Read all of it"


def line_pad() -> AppTest:
    at = app()
    at.session_state["recognize_drawn_layout"] = "line"
    return at.run()


def test_a_drawn_line_is_read():
    at = line_pad()
    assert "Write on the sheet" in said(at)
    (shown,) = sheets(draw(at, page("It is 1984", gap=12), pad=LINE_PAD))
    assert letters(text_of(shown)) == letters("It is 1984")
    assert len(shown["lines"]) == 1


def test_an_example_is_written_on_the_wide_sheet():
    at = line_pad()
    at.button(key=f"{LINE_PAD}_example_Hello").click().run()
    assert not at.exception
    assert len(at.session_state[f"{LINE_PAD}_state"]["objects"]) >= 5
    # The sheet for one character is another one.
    assert "recognize_pad_state" not in at.session_state


def test_the_camera_waits_for_a_page():
    at = app()
    at.session_state["recognize_source"] = "Camera"
    at.session_state["recognize_photo_layout"] = "page"
    at.run()
    assert not at.exception
    assert "Hold writing" in at.get("camera_input")[0].proto.label


def test_the_layout_that_was_chosen_is_kept():
    at = app().run()

    def layout():
        return next(group for group in at.button_group if group.label == "What is written")

    layout().set_value("page").run()
    at.switch_page("pages/models.py").run()
    at.switch_page("pages/recognize.py").run()
    assert layout().value == "page"
