"""The app in a real Chromium: what a visitor does, with the answers read off the page."""

import re
import shutil
import time

import cv2
import pytest
from browser_session import BLANK, BROWSER_TESTS, PHONE, answer, draw, pad_button, press, wait_for_letter
from conftest import sheet
from scripted_run import Script

from hcr_core.datasets import store
from hcr_core.model_store import SHIPPED, open_folder, save_model
from hcr_core.training.job import MODEL, Run

pytestmark = BROWSER_TESTS


def test_all_digits_and_capitals_drawn_with_the_mouse(page):
    wrong = {}
    for label in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        draw(page, label)
        page.wait_for_function("() => document.querySelector('.answer .letter')?.innerText !== '?'", timeout=15_000)
        read = answer(page)
        if read.casefold() != label.casefold():
            wrong[label] = read
        press(page, "clear")
        wait_for_letter(page, BLANK)
    assert len(wrong) <= 3, wrong


def test_a_stroke_is_read_without_reloading_the_page(page):
    page.evaluate("window.untouched = true")
    canvas = page.locator("canvas.upper-canvas").element_handle()
    draw(page, "L")
    wait_for_letter(page, "L")
    assert page.evaluate("window.untouched")
    assert canvas.is_visible()


@pytest.mark.parametrize("corner", [(310, 12), (12, 12), (325, 325), (12, 325)])
def test_a_stroke_may_begin_in_any_corner(page, corner):
    """The canvas package's own toolbar would lie over one, and take the stroke for a click."""
    pad = page.locator("canvas.upper-canvas").bounding_box()
    page.mouse.move(pad["x"] + corner[0], pad["y"] + corner[1])
    page.mouse.down()
    page.mouse.move(pad["x"] + 170, pad["y"] + 170, steps=8)
    page.mouse.up()
    page.wait_for_function("() => document.querySelector('.answer .letter')?.innerText !== '?'", timeout=15_000)


def test_undo_redo_and_the_keyboard(page):
    draw(page, "L")
    wait_for_letter(page, "L")
    press(page, "undo")
    wait_for_letter(page, BLANK)
    pad_button(page, "redo").press("Enter")
    wait_for_letter(page, "L")


def test_the_drawing_survives_another_page(page):
    draw(page, "R")
    wait_for_letter(page, "R")
    page.get_by_role("link", name="Models").click()
    page.get_by_role("heading", name="Models").wait_for()
    page.get_by_role("link", name="Recognize").click()
    wait_for_letter(page, "R")
    # The canvas itself shows it again, and another stroke adds to it.
    page.wait_for_selector("canvas.upper-canvas")
    press(page, "undo")
    assert answer(page) != BLANK


def test_an_example_is_drawn_and_read(page):
    page.locator(".st-key-recognize_example_A button").dblclick()
    wait_for_letter(page, "A")


def test_of_examples_in_quick_succession_the_answer_is_to_the_one_on_the_sheet(page):
    def sheet() -> str:
        return page.locator("canvas.dc-canvas.lower-canvas").evaluate("canvas => canvas.toDataURL()")

    buttons = {label: page.locator(f".st-key-recognize_example_{label} button") for label in "AgR7e4"}
    sheets = {}
    for label, button in buttons.items():
        button.click()
        wait_for_letter(page, label)
        sheets[label] = sheet()
    boxes = [button.bounding_box() for button in buttons.values()]
    for pause in (0, 30, 60, 100):
        for box in boxes:
            page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            page.wait_for_timeout(pause)
        assert sheets[answer(page, settled=2)] == sheet()


def test_digits_only(page):
    draw(page, "O")
    page.get_by_text("Digits", exact=True).click()
    wait_for_letter(page, "0")


def test_uploads_good_and_bad(page, tmp_path):
    cv2.imwrite(str(tmp_path / "k.png"), sheet("K"))
    (tmp_path / "fake<b>.png").write_text("text")
    (tmp_path / "empty.png").write_bytes(b"")
    page.get_by_text("Upload", exact=True).click()
    chooser = page.locator("input[type=file]")
    chooser.set_input_files([tmp_path / "k.png"])
    wait_for_letter(page, "K")
    chooser.set_input_files([tmp_path / "fake<b>.png", tmp_path / "empty.png"])
    page.get_by_text("This is not an image").first.wait_for()
    page.get_by_text("The file is empty").first.wait_for()
    with page.expect_download() as download:
        page.locator(".st-key-recognize_csv button").click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0].startswith("file,text,probability")
    assert lines[1].startswith("k.png,K,")
    (tmp_path / "text.pdf").write_bytes(b"%PDF")
    chooser.set_input_files([tmp_path / "text.pdf"])
    reason = page.get_by_text("application/pdf files are not allowed")
    reason.wait_for()
    assert reason.bounding_box()["width"] > 100  # not to a pointer or a screen reader only


def test_the_camera_takes_a_photo(page):
    """Chromium's test camera shows a green picture with a moving clock: something is read or nothing is."""
    page.get_by_text("Camera", exact=True).click()
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2", timeout=15_000)
    page.get_by_role("button", name="Take photo").click()
    page.wait_for_selector('[data-testid="stCameraInput"] img', timeout=15_000)
    answer(page)


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone, dark"])
def test_a_phone_shows_it_all_without_scrolling_sideways(page):
    page.locator("canvas.upper-canvas").scroll_into_view_if_needed()
    draw(page, "R")
    wait_for_letter(page, "R")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert page.locator("canvas.upper-canvas").bounding_box()["width"] <= 375
    background = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert sum(int(value) for value in background[4:-1].split(",")[:3]) < 200


def test_pictures_have_alternative_texts(page):
    draw(page, "R")
    wait_for_letter(page, "R")
    page.wait_for_selector('[data-testid="stImage"] img')
    texts = page.locator('[data-testid="stImage"] img').evaluate_all("images => images.map(image => image.alt)")
    assert len(texts) == 2
    assert all(texts)
    assert "capital R" in texts[1]


@pytest.fixture
def explore(page, server):
    """The Explore page on the bundled digits."""

    def go(view: str, data: str = "digits", **parameters: str) -> None:
        extra = "".join(f"&{name}={value}" for name, value in parameters.items())
        page.goto(f"{server}/explore?data={data}&view={view}{extra}")
        page.get_by_role("heading", name="Explore").wait_for()
        page.wait_for_function(
            "() => !document.querySelector('[data-testid=stStatusWidget], [data-testid=stSpinner]')",
            timeout=90_000,
        )
        assert page.locator('[data-testid="stException"]').count() == 0

    return go


@pytest.mark.parametrize(
    "view", ["Counts", "Gallery", "Typical", "Ink", "Map", "Look-alikes", "Suspicious", "Duplicates", "Import"]
)
def test_every_view_shows_something(page, explore, view):
    explore(view)
    page.wait_for_selector(".js-plotly-plot, .grid button, .map canvas, .grid, [data-testid=stFileUploader]")
    assert page.locator('[data-testid="stAlert"]').count() == 0 or view == "Suspicious"


def test_an_address_opens_inside_the_app(page, explore):
    """Streamlit runs a page's own address without the app around it unless the page sees to that."""
    explore("Counts")
    assert page.get_by_role("link", name="Recognize").is_visible()


def test_an_image_of_the_gallery_is_read_on_the_recognize_page(page, explore):
    explore("Gallery", classes="7")
    page.locator(".grid button").first.click()
    page.get_by_text("Back to my own").wait_for()
    assert answer(page) == "7"
    page.get_by_text("Back to my own").click()
    page.wait_for_selector("canvas.upper-canvas")


def test_the_map_shows_the_image_under_the_pointer_and_zooms(page, explore):
    explore("Map")
    page.wait_for_selector(".map canvas")
    box = page.locator(".map canvas").bounding_box()
    found = False
    for x in range(200, 700, 12):  # somewhere on this line there is a dot
        page.mouse.move(box["x"] + x, box["y"] + 280)
        if page.locator(".map .tip").is_visible():
            found = True
            break
    assert found
    assert page.locator(".map .tip .caption").inner_text() in "0123456789"
    page.get_by_role("button", name="Zoom in").click()


def test_images_are_in_sight_of_a_small_projector(page, explore):
    page.set_viewport_size({"width": 1280, "height": 720})
    explore("Gallery", "synthetic")
    box = page.locator(".grid button").first.bounding_box()
    assert box["y"] + box["height"] < 720


@pytest.mark.parametrize("page", [PHONE], indirect=True)
@pytest.mark.parametrize("view", ["Ink", "Look-alikes"])
def test_many_classes_side_by_side_have_room_on_a_phone_and_the_page_does_not_scroll_sideways(page, explore, view):
    explore(view, "synthetic")
    chart = page.locator(".js-plotly-plot")
    chart.wait_for()
    assert chart.bounding_box()["width"] >= 62 * 12
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    explore(view, "digits")
    chart.wait_for()
    assert chart.bounding_box()["width"] <= 375


@pytest.mark.parametrize("page", [PHONE], indirect=True)
def test_a_finger_on_the_map_sees_an_image_before_it_is_read(page, explore):
    explore(data="digits", view="Map")
    page.wait_for_selector(".map canvas")
    page.get_by_text("tap one to see it").wait_for()
    assert not page.get_by_text("hover to see one").is_visible()
    box = page.locator(".map canvas").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.touchscreen.tap(*middle)
    page.locator(".map .tip .caption").wait_for()
    assert page.locator(".map .tip .caption").inner_text() in "0123456789"
    page.wait_for_timeout(500)  # a tap that had it read would be gone by now
    assert "/explore" in page.url
    page.touchscreen.tap(*middle)
    page.get_by_text("Back to my own").wait_for()


def test_an_own_csv_is_imported_and_looked_at(page, explore, places, tmp_path):
    rows = [f"{'ab'[i % 2]}," + ",".join(str((i * j) % 256) for j in range(36)) for i in range(30)]
    (tmp_path / "mine.csv").write_text("label," + ",".join(f"p{i}" for i in range(36)) + "\n" + "\n".join(rows) + "\n")
    explore("Import")
    page.locator("input[type=file]").set_input_files([tmp_path / "mine.csv"])
    page.get_by_text("6 × 6 pixels").wait_for()
    page.get_by_label("Name", exact=True).fill("browser-test")
    page.get_by_label("Name", exact=True).press("Enter")
    page.locator(".st-key-import_start button").click()
    page.get_by_text("30 images of 2 classes").wait_for()
    page.get_by_role("button", name="Look at them").click()
    page.get_by_text("Of each class").wait_for()
    assert "browser-test" in page.url
    assert store.read(places / "imported" / "browser-test").source == "mine.csv"


def test_a_bad_csv_is_refused_with_line_and_reason(page, explore, tmp_path):
    (tmp_path / "bad.csv").write_text("label,a,b,c,d\nx,1,2,3,4\ny,1,2,oops,4\n")
    explore("Import")
    page.locator("input[type=file]").set_input_files([tmp_path / "bad.csv"])
    page.get_by_text("oops").first.wait_for()
    assert "line 3" in page.locator('[data-testid="stAlert"]').inner_text()


@pytest.fixture
def scripted(places):
    """A run that is at work for as long as the test."""
    script = Script(places / "runs" / f"scripted-{time.monotonic_ns()}", epochs=8)
    with script.start().state("training").epochs(2).alive():
        yield script
    shutil.rmtree(script.run.folder)


def wait_for_text(page, selector: str, text: str, seconds: float = 15) -> None:
    """Until an element, within a live view or not, shows a text."""
    page.locator(selector).filter(has_text=text).first.wait_for(timeout=1000 * seconds)


def test_any_number_of_browsers_watch_the_same_run(page, browser, server, scripted):
    page.goto(f"{server}/train")
    wait_for_text(page, ".sentence", "reads 79 right")
    assert page.url.endswith(f"?run={scripted.run.id}")
    other = browser.new_page()
    other.goto(page.url)
    wait_for_text(other, ".sentence", "reads 79 right")
    scripted.epochs(2)
    for watcher in (page, other):
        wait_for_text(watcher, ".sentence", "reads 93 right", seconds=10)
        wait_for_text(watcher, ".numbers", "5 of 8")
    other.close()


def test_nothing_flickers_or_jumps_while_it_learns(page, server, scripted):
    page.goto(f"{server}/train?run={scripted.run.id}")
    page.wait_for_selector("canvas.upper-canvas")
    wait_for_text(page, ".numbers", "3 of 8")
    kept = ["canvas.upper-canvas", ".head", ".charts svg", ".grid .tile", ".classes div", ".st-key-train_pause button"]
    before = [page.locator(selector).first.element_handle() for selector in kept]
    page.wait_for_timeout(1500)
    page.evaluate(
        """() => {
            window.shifted = 0;
            const note = (list) => list.getEntries().forEach((entry) => (window.shifted += entry.value));
            new PerformanceObserver(note).observe({ type: "layout-shift" });
        }"""
    )
    points = page.locator(".line").nth(2).get_attribute("points")
    for _ in range(4):
        scripted.epochs(1)
        page.wait_for_timeout(600)
    wait_for_text(page, ".numbers", "7 of 8")
    # Of eight passes there is room for four at first.
    assert len(page.locator(".line").nth(2).get_attribute("points").split()) == len(points.split()) + 4
    assert all(element.evaluate("node => node.isConnected") for element in before)
    assert page.evaluate("window.shifted") == 0


def test_curves_and_sheet_are_in_sight_of_a_small_projector(page, server, scripted):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{server}/train?run={scripted.run.id}")
    wait_for_text(page, ".numbers", "3 of 8")
    page.wait_for_selector("canvas.upper-canvas")
    for seen in ("canvas.upper-canvas", ".charts svg"):
        box = page.locator(seen).first.bounding_box()
        assert box["y"] + box["height"] <= 720, seen


def test_a_drawing_is_shown_to_the_network_and_answered(page, server, scripted):
    page.goto(f"{server}/train?run={scripted.run.id}")
    page.wait_for_selector("canvas.upper-canvas")
    draw(page, "L")  # of one stroke
    folder = scripted.run.folder / "drawings"
    deadline = time.monotonic() + 10
    while not list(folder.glob("*.bin")):
        assert time.monotonic() < deadline, "the drawing did not arrive"
        time.sleep(0.05)
    (key,) = (path.stem for path in folder.glob("*.bin"))
    for step, said in ((5, 3), (10, 7)):
        scripted.peek(3, step, 0.6, {key: said})
    wait_for_text(page, ".view .letter", "7")
    assert page.locator(".strip i").count() == 2


def test_a_finished_network_answers_a_drawing_at_once(page, server, places):
    script = Script(places / "runs" / "done").start().epochs(4).end()
    model = open_folder(SHIPPED / "digits")
    save_model(script.run.folder, MODEL, model.card, {name: model.read(name) for name in model.card["files"]})
    page.goto(f"{server}/train?run=done")
    wait_for_text(page, ".view .sentence", "to try it")
    draw(page, "1")
    wait_for_text(page, ".view .letter", "1")
    wait_for_text(page, ".view .sentence", "finished network reads it so")


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone, dark"])
def test_a_run_fits_on_a_phone(page, server, scripted):
    page.goto(f"{server}/train?run={scripted.run.id}")
    wait_for_text(page, ".numbers", "3 of 8")
    page.wait_for_selector("canvas.upper-canvas")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.goto(f"{server}/train?run=new")
    page.locator(".network").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_from_the_page_to_a_digit_model_that_reads_a_drawing(page, server, places):
    page.goto(f"{server}/train?run=new")
    page.locator(".st-key-train_architecture input").click()
    page.get_by_role("option", name="az-cnn").click()
    page.get_by_text("two tutorials on the A-Z").wait_for()
    page.get_by_label("Name of the new model").fill("from-the-page")
    page.get_by_label("Name of the new model").press("Enter")
    page.locator(".st-key-train_start button").click()
    page.locator(".st-key-train_stop button").wait_for(timeout=30_000)
    (run,) = (Run(path) for path in (places / "runs").glob("from-the-page*"))
    try:
        # Closing the page does not end it.
        page.goto(f"{server}/explore")
        # By its address, because it may have ended meanwhile: a new visitor is shown what is at work.
        page.goto(f"{server}/train?run={run.id}")
        page.locator(".st-key-train_save button").wait_for(timeout=120_000)
    finally:
        run.ask("stop")
    wait_for_text(page, ".head .sentence", "Finished")
    page.locator(".st-key-train_try button").click()
    page.locator(".st-key-recognize_model input[value=from-the-page]").wait_for()
    page.wait_for_selector("canvas.upper-canvas")
    draw(page, "0")
    wait_for_letter(page, "0")


def cell_of_the_matrix(page, title: str) -> None:
    """Move over the confusion matrix until its tip begins with ``title``."""
    box = page.locator(".matrix canvas").bounding_box()
    for y in range(30, int(box["height"]), 20):
        for x in range(30, int(box["width"]), 20):
            page.mouse.move(box["x"] + x, box["y"] + y)
            tip = page.locator(".matrix .tip")
            if tip.is_visible() and tip.inner_text().startswith(title):
                return
    raise AssertionError(f"no cell says {title}")


def test_from_the_leaderboard_to_a_mistake_and_the_image_behind_it(page, server):
    page.goto(f"{server}/models")
    page.get_by_text("359 images").wait_for(timeout=60_000)
    page.get_by_text("Confusion", exact=True).click()
    page.locator(".matrix canvas").wait_for()
    cell_of_the_matrix(page, "9 read right")
    page.mouse.down()
    page.mouse.up()
    page.get_by_text("images of nine are read right").wait_for()
    assert "truth=9&read_as=9" in page.url
    cell_of_the_matrix(page, "0 read right")
    page.mouse.down()
    page.mouse.up()
    page.get_by_text("images of zero are read right").wait_for()
    page.wait_for_url("**truth=0&read_as=0**")  # the first choice is in the address, too
    frequent = page.locator("[class*=st-key-frequent-0] button")
    mistake, count = frequent.inner_text().split(" · ")
    truth, read_as = mistake.split(" → ")
    frequent.click()
    sentence = re.compile(rf"^{count} of \d+ images of .* are read as")
    page.get_by_text(sentence).wait_for()
    assert f"truth={truth}&read_as={read_as}" in page.url
    address = page.url
    page.goto("about:blank")
    page.goto(address)  # as a colleague opens it
    page.get_by_text(sentence).wait_for()
    page.locator(".grid button").nth(int(count) - 1).wait_for()
    assert page.locator(".grid button").count() == int(count)
    page.locator(".grid button").first.click()
    page.get_by_text("Back to my own").wait_for()
    assert answer(page) != BLANK


def test_l_differs_from_1_on_maps_and_matrices(page, server, scripted):
    page.add_init_script(
        """const fill = CanvasRenderingContext2D.prototype.fillText;
        window.fonts = [];
        CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
            if (text === "0") window.fonts.push(this.font);
            fill.call(this, text, ...place);
        }"""
    )
    for address in ("explore?view=Map", "models?show=Confusion&cells=mistakes", f"train?run={scripted.run.id}"):
        page.goto(f"{server}/{address}")
        page.wait_for_function("() => window.fonts.length", timeout=60_000)
        assert all("Source Code Pro" in font for font in page.evaluate("window.fonts")), address


def test_the_matrix_by_keyboard(page, server):
    page.goto(f"{server}/models?show=Confusion&truth=3&read_as=9")
    matrix = page.locator(".matrix canvas")
    matrix.wait_for()
    page.get_by_text("images of three are read as nine").wait_for()
    matrix.focus()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    assert page.locator(".matrix .tip").inner_text().startswith("3 read right")
    page.keyboard.press("Enter")
    page.get_by_text("images of three are read right").wait_for()


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone, dark"])
@pytest.mark.parametrize("view", ["Leaderboard", "Confusion", "Report", "Answers", "Calibration"])
def test_a_view_of_models_fits_on_a_phone(page, server, view):
    page.goto(f"{server}/models?show={view}")
    page.wait_for_selector(".js-plotly-plot, .matrix canvas, [data-testid=stDataFrame], .grid button", timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    if view in ("Leaderboard", "Calibration"):
        page.wait_for_selector("[data-testid=stDataFrame]")
        # The buttons of a table cover nothing.
        assert not page.locator("[data-testid=stElementToolbar]:visible").count()
