"""Words, lines and pages in a real Chromium: what a visitor writes, uploads, corrects and takes away."""

import csv
import json
import re

import cv2
import numpy as np
import pytest
from browser_session import BROWSER_TESTS, PHONE, draw_strokes
from conftest import sheet
from drawn_pages import letters, lit, write
from drawn_pages import page as drawn_page

from hcr_core.datasets.pen_text import text_strokes

pytestmark = BROWSER_TESTS

TEXT = ("The quick brown fox", "jumps over 13 dogs")


@pytest.fixture
def photo(tmp_path):
    """A photo of several words, under a lamp that stands to one side."""
    image = drawn_page(*TEXT)
    light = np.linspace(0.55, 1, image.shape[1])[None].repeat(image.shape[0], 0)
    cv2.imwrite(str(tmp_path / "notes.jpg"), lit(image, light))
    return tmp_path / "notes.jpg"


def choose(page, group: str, option: str) -> None:
    page.get_by_role("radiogroup", name=group).get_by_text(option, exact=True).click()


def upload(page, *files, written: str = "Page") -> None:
    page.get_by_text("Upload", exact=True).click()
    page.get_by_text("Find out", exact=True).wait_for()  # the choices of a photo
    choose(page, "What is written", written)
    page.locator("input[type=file]").set_input_files(list(files))
    page.locator(".box").first.wait_for(timeout=30_000)


def read(page) -> str:
    return page.locator(".text").inner_text()


def download(page, name: str, what: str = "page"):
    with page.expect_download() as download:
        page.locator(f".st-key-recognize_{what}_save_{name} button").click()
    return download.value


def settled(page, words: str) -> None:
    """Until the app, too, knows of as many corrections as the page shows."""
    page.locator(".count").filter(has_text=words).wait_for()
    # On a busy machine the page shows it a while before the app begins to run; a file asked for in between never comes.
    page.wait_for_timeout(500)
    page.wait_for_function("() => !document.querySelector('[data-testid=stApp][data-test-script-state=running]')")


def test_a_photo_is_read_one_letter_corrected_and_the_result_downloaded(page, photo):
    upload(page, photo)
    before = read(page).splitlines()[0]
    assert letters(read(page)) == letters("".join(TEXT))
    page.locator(".box").nth(3).click()
    page.locator(".editor .choice").nth(1).click()
    settled(page, "1 corrected")
    chosen = page.locator(".box").nth(3).get_attribute("data-label")
    expected = f"{before[:4]}{chosen}{before[5:]}"
    assert chosen != before[4]
    assert read(page).splitlines()[0] == expected
    text = download(page, "text")
    assert text.suggested_filename == "notes.txt"
    assert text.path().read_text().splitlines()[0] == expected
    document = json.loads(download(page, "json").path().read_text())
    assert document["lines"][0]["text"] == expected
    assert document["lines"][0]["words"][1]["characters"][0]["read_as"] == before[4]
    rows = list(csv.DictReader(download(page, "csv").path().read_text().splitlines()))
    assert [(row["label"], row["read_as"]) for row in rows[2:5]] == [
        *((before[2], ""), (chosen, before[4]), (before[5], "")),
    ]
    picture, original = (cv2.imread(str(path)) for path in (download(page, "picture").path(), photo))
    assert picture.shape == original.shape
    assert 0.005 < np.mean(np.any(picture != original, axis=2)) < 0.3


def test_the_picture_in_full_stays_when_it_is_read_as_something_else(page, photo, tmp_path):
    cv2.imwrite(str(tmp_path / "k.png"), sheet("K"))
    upload(page, photo, tmp_path / "k.png")
    page.get_by_text("In full").wait_for()
    page.locator(".st-key-recognize_page_shown input").click()
    page.get_by_role("option", name="k.png").click()
    page.locator(".text").filter(has_text=re.compile("^.$")).wait_for()
    choose(page, "What is written", "One character")
    page.locator(".answer .letter").filter(has_text="K").wait_for()


def test_a_label_at_the_upper_edge_is_within_the_picture(page, tmp_path):
    image = drawn_page(*TEXT)
    cv2.imwrite(str(tmp_path / "cut.png"), image[np.flatnonzero((image < 128).any((1, 2)))[0] - 2 :])
    upload(page, tmp_path / "cut.png")
    edge = page.locator(".sheet").bounding_box()["y"]
    tops = page.locator(".box").evaluate_all(
        "boxes => boxes.map((box) => box.getBoundingClientRect().y + parseFloat(getComputedStyle(box, '::before').top))"
    )
    assert min(tops) > edge - 0.1
    assert max(tops) > edge + 20


@pytest.mark.parametrize("typed", ["<img src=x onerror=document.title='gone'>", "<script>throw 1</script>", "&amp;"])
def test_what_is_typed_is_shown_as_text(page, photo, typed):
    upload(page, photo)
    title, before = page.title(), read(page)
    page.locator(".box").first.click()
    page.get_by_label("or type it").fill(typed)
    page.keyboard.press("Enter")
    settled(page, "1 corrected")
    expected = typed[:40] + before[1:]
    assert read(page) == expected
    page.mouse.move(0, 0)
    page.locator(".box").first.hover()
    page.locator(".tip").filter(has_text=f"was read as {before[0]}").wait_for()
    assert download(page, "text").path().read_text() == expected + "\n"
    assert page.title() == title
    assert page.locator(".page img").count() == 1


def test_a_page_is_corrected_by_keyboard(page, photo):
    upload(page, photo)
    first, second = before = read(page).splitlines()
    page.locator(".box").first.focus()
    for key in ("ArrowRight", "N", "Delete", "ArrowDown", "End", "Z"):
        page.keyboard.press(key)
    settled(page, "3 corrected")
    assert read(page).splitlines() == [f"{first[0]}N{first[3:]}", f"{second[:-1]}Z"]
    page.keyboard.press("Backspace")
    settled(page, "2 corrected")
    assert read(page).splitlines()[1] == second
    page.keyboard.press("Enter")
    page.locator(".editor").wait_for()
    page.keyboard.press("Escape")
    page.locator(".editor").wait_for(state="hidden")
    page.get_by_role("button", name="Undo corrections").click()
    assert read(page).splitlines() == before


def test_a_long_correction_leaves_its_neighbours_label_to_be_read(page, photo):
    upload(page, photo)
    page.locator(".box").nth(3).click()
    page.get_by_label("or type it").fill("xyzxyzxyz")
    page.keyboard.press("Enter")
    settled(page, "1 corrected")
    width = page.locator(".box").nth(3).evaluate("box => parseFloat(getComputedStyle(box, '::before').width)")
    left, right = (page.locator(".box").nth(i).bounding_box()["x"] for i in (3, 4))
    assert 0 < width <= right - left + 1


def focused(page) -> str:
    """Class and number of what has the focus, in the sheet or else on the page."""
    return page.evaluate(
        """() => {
            let at = document.activeElement;
            while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
            return `${at.className.split(" ")[0] || at.tagName} ${at.dataset.i ?? ""}`.trim();
        }"""
    )


def test_the_keyboard_goes_into_the_candidates_and_back_to_its_box(page, photo):
    upload(page, photo)
    before = read(page)
    page.locator(".box").first.focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    assert focused(page) == "choice"
    page.keyboard.press("Enter")  # what is chosen already
    page.locator(".editor").wait_for(state="hidden")
    assert focused(page) == "box 2"
    assert "corrected" not in page.locator(".count").inner_text()
    for key in ("Enter", "Tab", "Enter"):
        page.keyboard.press(key)
    settled(page, "1 corrected")
    assert read(page)[2] != before[2]
    assert focused(page) == "box 2"
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    assert focused(page) == "box 2"
    for key in ("Enter", "Q", "Q", "Enter"):
        page.keyboard.press(key)
    page.locator(".text").filter(has_text=f"{before[:2]}QQ").wait_for()
    assert focused(page) == "box 2"


def test_what_is_no_character_is_not_counted_but_told(page, photo):
    upload(page, photo)
    before, there = read(page), page.locator(".box").count()
    page.locator(".box").nth(2).click()
    page.get_by_role("button", name="No character").click()
    settled(page, f"{there - 1} characters")
    rows = list(csv.DictReader(download(page, "csv").path().read_text().splitlines()))
    assert [(row["label"], row["read_as"]) for row in rows if not row["word"]] == [("", before[2])]
    assert len(rows) == there
    document = json.loads(download(page, "json").path().read_text())
    assert [character["read_as"] for character in document["removed"]] == [before[2]]
    assert before[2] not in document["lines"][0]["words"][0]["text"]


@pytest.fixture
def doubtful(tmp_path):
    """A page with letters over letters, which no reader can be sure of."""
    image = drawn_page(*TEXT, "", "", "")
    for i, pair in enumerate(("8x", "Wg", "Rk", "2A", "QE", "hs")):
        for letter in pair:
            write(image, letter, 60 + 70 * i, 240)
    cv2.imwrite(str(tmp_path / "doubtful.png"), image)
    return tmp_path / "doubtful.png"


def test_the_unsure_are_visited_one_after_the_other(page, doubtful):
    upload(page, doubtful)
    before, unsure = read(page), page.locator(".box.unsure").count()
    assert unsure
    for _ in range(unsure):
        page.get_by_role("button", name="Next unsure").click()
        page.locator(".editor .choice").first.click()
    settled(page, f"none unsure · {unsure} confirmed")
    assert page.get_by_role("button", name="Next unsure").is_disabled()
    assert read(page) == before


def test_nothing_moves_where_a_character_is_corrected(page, doubtful):
    upload(page, doubtful)

    def places() -> list[float]:
        tops = [page.locator(place).bounding_box()["y"] for place in (".reading", ".text", ".picture", ".scroll")]
        return np.diff(tops).round().tolist()

    before = places()
    page.locator(".box").first.focus()
    page.keyboard.press("X")
    settled(page, "1 corrected")
    page.get_by_role("button", name="Next unsure").click()
    page.locator(".editor .choice").first.click()
    settled(page, "1 confirmed")
    assert places() == before


def test_quick_corrections_are_all_kept(page, photo):
    upload(page, photo)
    rest = read(page)[7:]
    page.locator(".box").first.focus()
    page.keyboard.type("WhoWas")
    settled(page, "5 corrected")
    page.wait_for_timeout(1000)
    assert download(page, "text").path().read_text() == f"Who Was{rest}\n"


def test_corrections_are_there_again_with_the_image(page, photo):
    upload(page, photo)
    rest = read(page)[1:]
    page.locator(".box").first.focus()
    page.keyboard.press("W")
    settled(page, "1 corrected")
    page.get_by_role("link", name="Models").click()
    page.get_by_role("heading", name="Models").wait_for()
    page.get_by_role("link", name="Recognize").click()
    page.locator("input[type=file]").set_input_files([photo])
    page.locator(".box").first.wait_for()
    assert read(page) == f"W{rest}"


def test_hover_tells_the_candidates_and_where_a_character_stands_in_the_text(page, photo):
    upload(page, photo)
    page.locator(".box").nth(3).hover()
    page.locator(".tip").wait_for()
    looked = page.locator(".text .looked").inner_text()
    assert looked == read(page)[4]
    assert page.locator(".tip .candidate").first.inner_text().startswith(looked)


def test_look_alikes_are_told_in_the_tip_and_the_editor(page, tmp_path):
    cv2.imwrite(str(tmp_path / "ro.png"), drawn_page("RO", gap=12))
    upload(page, tmp_path / "ro.png")
    page.locator(".box").nth(1).hover()
    page.locator(".tip .note").filter(has_text="look alike").wait_for()
    page.locator(".box").nth(1).click()
    page.locator(".editor .note").filter(has_text="look alike").wait_for()
    font = page.locator(".editor .choice b").first.evaluate("label => getComputedStyle(label).fontFamily")
    assert "mono" in font.lower() or "code" in font.lower()


def test_the_picture_is_zoomed_and_boxes_stay_on_their_characters(page, photo):
    upload(page, photo)
    sheet, box = page.locator(".sheet"), page.locator(".box").nth(5)
    before = [element.bounding_box() for element in (sheet, box)]
    page.get_by_role("button", name="Zoom in").click()
    after = [element.bounding_box() for element in (sheet, box)]
    assert after[0]["width"] == pytest.approx(1.5 * before[0]["width"], rel=0.01)
    places = [(b["x"] - s["x"]) / s["width"] for s, b in (before, after)]
    assert places[0] == pytest.approx(places[1], abs=0.003)
    page.get_by_role("button", name="Fit").click()
    assert sheet.bounding_box()["width"] == pytest.approx(before[0]["width"])


def test_the_text_is_copied(page, photo):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    upload(page, photo)
    page.get_by_role("button", name="Copy text").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == read(page)


def test_two_letters_drawn_on_the_wide_sheet(page):
    page.get_by_text("Word or line", exact=True).click()
    page.get_by_role("button", name="Hello").wait_for()
    page.locator("canvas.upper-canvas[width='800']").wait_for()
    strokes, _ = text_strokes("Hi", 120, 150, x_height=60, gap=25)
    draw_strokes(page, strokes)
    page.locator(".text").filter(has_text="Hi").wait_for(timeout=15_000)
    page.locator(".st-key-recognize_line_pad_clear button").click()
    # As on the first visit: nothing is said of an empty sheet.
    page.locator(".text").wait_for(state="detached")
    assert page.get_by_text("Nothing written was found").count() == 0


@pytest.mark.parametrize(
    ("page", "width"),
    [({"viewport": {"width": 700, "height": 800}}, 640), ({"viewport": {"width": 390, "height": 800}}, 340)],
    indirect=["page"],
    ids=["narrow window", "narrowest"],
)
def test_the_sheet_is_as_wide_as_a_desktop_window(page, width):
    page.get_by_text("Word or line", exact=True).click()
    pad = page.locator(f"canvas.upper-canvas[width='{width}']")
    pad.wait_for()
    page.get_by_role("button", name="Blue sky").click()
    page.locator(".text").filter(has_text="sky").wait_for(timeout=15_000)
    assert read(page).lower() == "blue sky"
    assert pad.bounding_box()["x"] + pad.bounding_box()["width"] <= page.viewport_size["width"]


@pytest.mark.parametrize(
    "page",
    [
        {"viewport": {"width": 1366, "height": 768}},
        {"viewport": {"width": 390, "height": 844}, "user_agent": "Mozilla/5.0 (iPhone) Mobile"},
    ],
    indirect=True,
    ids=["laptop", "phone"],
)
def test_what_was_read_is_in_sight_and_the_sheet_stays_where_it_is(page):
    def in_sight(selector: str) -> bool:
        box = page.locator(selector).first.bounding_box()
        return box["y"] + min(box["height"], 50) <= page.viewport_size["height"]

    page.get_by_role("button", name="R", exact=True).click()
    page.locator(".answer .name").wait_for()
    assert in_sight(".answer .letter")
    choose(page, "What is written", "Page")
    page.get_by_role("button", name="Hello").wait_for()
    page.wait_for_timeout(1000)
    pad = page.locator("canvas.upper-canvas")
    before = pad.bounding_box()
    page.get_by_role("button", name="Hello").click()
    page.locator(".text").filter(has_text="ello").wait_for(timeout=15_000)
    assert in_sight(".text")
    assert pad.bounding_box() == before


def test_a_sheet_that_was_written_on_is_not_cut_by_a_narrower_window(page):
    page.get_by_text("Word or line", exact=True).click()
    page.locator("canvas.upper-canvas[width='800']").wait_for()
    draw_strokes(page, text_strokes("Hi", 600, 150, x_height=60, gap=25)[0])
    page.locator(".text").filter(has_text="Hi").wait_for(timeout=15_000)
    page.set_viewport_size({"width": 600, "height": 800})
    page.wait_for_timeout(1500)
    assert page.locator("canvas.upper-canvas").get_attribute("width") == "800"
    assert read(page) == "Hi"
    bar = page.locator(".dc-scroll").evaluate("sheet => getComputedStyle(sheet).scrollbarColor")
    assert bar.startswith("rgb(136, 136, 136)")
    page.locator(".dc-scroll").evaluate("sheet => sheet.scrollBy(1000, 0)")
    right = page.locator("canvas.upper-canvas").bounding_box()
    assert right["x"] + right["width"] <= 600
    page.locator(".st-key-recognize_line_pad_clear button").click()
    page.locator("canvas.upper-canvas[width='480']").wait_for()


def test_the_names_of_switches_and_lists_stand_in_one_row(page):
    page.get_by_text("Word or line", exact=True).click()
    page.get_by_text("Words of", exact=True).wait_for()
    names = [
        page.get_by_text(name, exact=True).bounding_box() for name in ("What is written", "Read it as", "Words of")
    ]
    tops = [name["y"] + name["height"] / 2 for name in names]
    assert max(tops) - min(tops) <= 1


def test_corrections_outlast_the_next_stroke(page):
    page.get_by_text("Word or line", exact=True).click()
    page.locator("canvas.upper-canvas[width='800']").wait_for()
    draw_strokes(page, text_strokes("HL", 120, 150, x_height=60, gap=25)[0])
    page.locator(".text").filter(has_text="HL").wait_for(timeout=15_000)
    page.wait_for_timeout(2000)  # each stroke is read: the last one, too
    page.locator(".box").first.focus()
    page.keyboard.press("M")
    settled(page, "1 corrected")
    page.wait_for_timeout(1000)
    draw_strokes(page, text_strokes("o", 320, 150, x_height=60, gap=25)[0])
    settled(page, "3 characters · none unsure · 1 corrected")
    assert read(page).startswith("ML")
    assert not page.locator(".remarks p").count()
    draw_strokes(page, [np.array([[100.0, 70], [220, 140], [100, 140], [220, 70]])])
    page.locator(".remarks").filter(has_text="1 correction no longer applies").wait_for(timeout=15_000)
    page.locator(".st-key-recognize_line_pad_clear button").click()
    page.locator(".text").wait_for(state="detached")
    # Of an emptied sheet nothing is kept.
    draw_strokes(page, text_strokes("HL", 120, 150, x_height=60, gap=25)[0])
    page.locator(".text").filter(has_text="HL").wait_for(timeout=15_000)
    assert not page.locator(".remarks p").count()


def test_a_correction_made_while_the_last_stroke_is_read_is_kept(page):
    page.get_by_text("Word or line", exact=True).click()
    page.locator("canvas.upper-canvas[width='800']").wait_for()
    draw_strokes(page, text_strokes("HL", 120, 150, x_height=60, gap=25)[0])
    page.locator(".text").filter(has_text="HL").wait_for(timeout=15_000)
    page.wait_for_timeout(2000)
    page.locator(".box").first.focus()
    draw_strokes(page, text_strokes("o", 320, 150, x_height=60, gap=25)[0])
    # At once, with the new stroke's reading on its way.
    page.locator(".box").first.evaluate(
        "box => box.dispatchEvent(new KeyboardEvent('keydown', { key: 'M', bubbles: true, cancelable: true }))"
    )
    settled(page, "3 characters · none unsure · 1 corrected")
    assert read(page).startswith("ML")
    assert "ML" in download(page, "text", "line").path().read_text()


def test_a_page_taken_for_one_character_is_read_whole_at_a_click(page, photo, tmp_path):
    page.get_by_text("Upload", exact=True).click()
    page.locator("input[type=file]").set_input_files([photo])
    page.get_by_role("button", name="Read all of it").click()
    page.locator(".box").first.wait_for(timeout=30_000)
    assert letters(read(page)) == letters("".join(TEXT))
    cv2.imwrite(str(tmp_path / "k.png"), sheet("K"))
    choose(page, "What is written", "One character")
    page.locator("input[type=file]").set_input_files([tmp_path / "k.png"])
    page.get_by_label("In full").wait_for()


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone, dark"])
def test_a_page_fits_on_a_phone_and_is_corrected_by_touch(page, photo):
    upload(page, photo)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.locator(".box").nth(3).tap()
    editor = page.locator(".editor")
    editor.wait_for()
    box = editor.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 375
    page.locator(".editor .choice").nth(1).tap()
    settled(page, "1 corrected")
    page.get_by_text("Draw", exact=True).click()
    page.get_by_text("Find out", exact=True).wait_for(state="detached")
    choose(page, "What is written", "Word or line")
    page.get_by_role("button", name="Hello").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    # A restriction is seen though its choices are hidden.
    page.get_by_role("button", name="More").click()
    choose(page, "Read it as", "Capitals")
    page.get_by_role("button", name="A–Z").wait_for()
