"""Each view of the Explore page on the bundled sets, and the figures it is made of."""

import json
from datetime import date

import numpy as np
import pytest
from conftest import page_at
from streamlit.testing.v1 import AppTest

from hcr_core.alphabet import Alphabet
from hcr_core.datasets import Dataset, import_dataset, remove
from hcr_core.datasets.published import PUBLISHED_COUNTS
from ui.figures import class_colours, class_matrix, count_bars, distributions
from ui.reading import plain

VIEWS = ["Counts", "Gallery", "Typical", "Ink", "Map", "Look-alikes", "Suspicious", "Duplicates", "Import"]


@pytest.fixture(autouse=True)
def folders(tmp_path_factory, monkeypatch):
    """A machine without data sets of its own, with one cache for all of these tests."""
    shared = tmp_path_factory.getbasetemp() / "explore"
    monkeypatch.setenv("HCR_DATA_DIR", str(shared / "data"))
    monkeypatch.setenv("HCR_CACHE_DIR", str(shared / "cache"))


def explore(**parameters: str) -> AppTest:
    """The Explore page at an address."""
    return page_at("pages/explore.py", **parameters)


def words(at: AppTest) -> str:
    assert not at.exception, at.exception[0].message
    assert not at.error, at.error[0].value
    return " ".join(str(element.value) for element in [*at.markdown, *at.caption, *at.metric, *at.subheader, *at.info])


@pytest.mark.parametrize("data", ["digits", "synthetic"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_there_at_its_address(data, view):
    at = explore(data=data, view=view)
    assert words(at)
    assert at.selectbox(key="data").value == data
    assert at.button_group(key="view").value == view


@pytest.mark.parametrize("address", [{"view": view} for view in VIEWS] + [{"view": "Map", "map": "t-SNE"}])
def test_a_view_is_there_again_for_the_same_and_for_another_visitor(address):
    """What was computed before comes from a cache then, which is another way through the code."""
    at = explore(data="digits", **address)
    first = words(at)
    assert words(at.run()) == first
    assert words(explore(data="digits", **address)) == first


def test_counts_say_what_is_rare():
    at = explore(data="digits", view="Counts")
    metrics = {metric.label: metric.value for metric in at.metric}
    assert metrics["Images"] == "1,797"
    assert metrics["Classes"] == "10"
    assert any(label.startswith("Rarest: 8") for label in metrics)  # 174 images, counted in scikit-learn's docs


def test_where_classes_are_alike_none_is_called_rare():
    metrics = {metric.label: metric.value for metric in explore(data="synthetic", view="Counts").metric}
    assert metrics == {"Images": "6,200", "Classes": "62", "Of each class": "100"}


@pytest.mark.parametrize("beside", [*PUBLISHED_COUNTS, "synthetic"])
def test_another_set_stands_beside(beside):
    words(explore(data="digits", view="Counts", beside=beside, axis="share", order="most first"))


def test_synthetic_handwriting_is_called_synthetic():
    assert "synthetic" in words(explore(data="synthetic", view="Gallery")).casefold()


def test_chosen_classes_are_shown():
    at = explore(data="digits", view="Gallery", classes="7")
    assert "**7**" in [element.value for element in at.markdown]
    assert "**3**" not in [element.value for element in at.markdown]


@pytest.mark.parametrize("view", ["Gallery", "Typical"])
def test_where_classes_are_left_out_the_page_says_so(view):
    assert "of 62 classes" in words(explore(data="synthetic", view=view))
    assert "of 62 classes" not in words(explore(data="synthetic", view=view, classes="g"))
    digits = words(explore(data="digits", view=view))
    assert "classes:" not in digits
    assert "**9**" in digits


@pytest.mark.parametrize(("data", "sampled"), [("digits", False), ("synthetic", True)])
def test_a_sample_is_offered_only_of_a_set_that_is_larger(data, sampled):
    at = explore(data=data, view="Suspicious", among="a sample")
    assert f"of {4000 if sampled else 1797:,} images looked at" in words(at)
    assert ("among" in [group.key for group in at.button_group]) == sampled


def test_look_alikes_say_which_is_taken_for_which_and_never_a_false_zero():
    said = words(explore(data="digits", view="Look-alikes"))
    assert "**1** and **8**: 1 % of the images nearest to 1 are 8, 8 % the other way round" in said
    assert "< 1 % of the images nearest to" in said


def test_an_address_with_nonsense_is_the_page_as_it_begins():
    at = explore(data="../../etc/passwd", view="<b>", each="-3")
    assert words(at)
    assert at.selectbox(key="data").value == "digits"
    assert at.button_group(key="view").value == "Counts"


def test_a_data_set_that_is_not_here_is_said_so():
    at = explore(data="nosuch")
    assert "There is no data set nosuch here" in at.info[0].value
    assert "nosuch" not in words(at.run())
    assert not explore(data="synthetic").info


def test_a_set_imported_again_is_the_new_one(tmp_path, monkeypatch):
    from ui import data as lookup

    monkeypatch.setenv("HCR_IMPORTED_DIR", str(tmp_path / "imported"))
    for count in (10, 16):
        np.savez(
            tmp_path / "own.npz", images=np.eye(4, dtype=np.uint8)[None].repeat(count, 0), labels=np.arange(count) % 2
        )
        import_dataset(tmp_path / "own.npz", "own")
        lookup.forget()
        assert len(lookup.dataset("own")) == sum(lookup.counts("own").values()).sum() == count


def imported(tmp_path, monkeypatch, name: str, count: int = 9) -> None:
    """Import so many images under a name, as another server would."""
    monkeypatch.setenv("HCR_IMPORTED_DIR", str(tmp_path / "imported"))
    np.savez(tmp_path / "a_b.npz", images=np.eye(4, dtype=np.uint8)[None].repeat(count, 0), labels=np.arange(count) % 2)
    import_dataset(tmp_path / "a_b.npz", name)


def test_a_set_that_another_server_replaced_is_the_new_one(tmp_path, monkeypatch):
    imported(tmp_path, monkeypatch, "replaced", 10)
    at = explore(data="replaced")
    imported(tmp_path, monkeypatch, "replaced", 16)
    assert "16 images of 4 × 4 pixels" in words(at.run())
    assert at.metric[0].value == "16"


def test_a_set_that_went_while_it_was_looked_at_is_said_so_and_leaves_the_address(tmp_path, monkeypatch):
    imported(tmp_path, monkeypatch, "vanishing")
    at = explore(data="vanishing", view="Gallery")
    remove("vanishing")
    assert "There is no data set vanishing here any more." in words(at.run())
    assert at.selectbox(key="data").value == "digits"
    assert at.button_group(key="view").value == "Gallery"
    assert "data" not in at.query_params
    assert not at.run().info


def test_an_imported_set_is_described_and_removed(tmp_path, monkeypatch):
    imported(tmp_path, monkeypatch, "removable")
    at = explore(data="removable")
    assert f"Imported on {plain(str(date.today()))} from a\\_b.npz: 9 images of 4 × 4 pixels." in words(at)
    assert str(tmp_path) not in words(at)
    at.button(key="import_remove").click().run()
    assert not at.exception
    assert "removable" not in at.selectbox(key="data").options
    assert at.selectbox(key="data").value == "digits"
    assert "data" not in at.query_params
    assert not (tmp_path / "imported" / "removable").exists()
    assert "import_remove" not in [button.key for button in at.button]


def grids(at: AppTest) -> list[dict]:
    """What the grids of images were given to show."""
    found = [view.proto for view in at.get("bidi_component") if view.proto.component_name == "hcr_image_grid"]
    return [json.loads(proto.json) for proto in found]


def test_images_that_are_nearly_equal_stand_in_pairs():
    at = explore(data="synthetic", view="Duplicates")
    (grid,) = grids(at)
    assert len(grid["groups"]) == 12
    assert [size for size, _ in grid["groups"]] == [2] * 12
    likenesses = [float(title.removeprefix("likeness ")) for _, title in grid["groups"]]
    assert likenesses == sorted(likenesses, reverse=True)
    assert likenesses[-1] >= 0.99
    pairs = next(caption.value.split()[0] for caption in at.caption if " pairs among " in caption.value)
    assert f"Nearly equal: the first 12 of {pairs}" in [heading.value for heading in at.subheader]
    assert len(grid["captions"]) == 24


def test_equal_images_stand_together(tmp_path, monkeypatch):
    monkeypatch.setenv("HCR_IMPORTED_DIR", str(tmp_path / "imported"))
    images = np.random.default_rng(1).integers(0, 255, (12, 8, 8), np.uint8)
    images[1:8] = images[0]
    np.savez(tmp_path / "own.npz", images=images, labels=np.arange(12) % 2)
    import_dataset(tmp_path / "own.npz", "eightfold")
    ((size, title),) = grids(explore(data="eightfold", view="Duplicates"))[0]["groups"]
    assert size == 6
    assert title.startswith("8 images, different labels")


def test_typical_and_unusual_images_fill_one_row_each_under_their_names():
    at = page_at("pages/explore.py", data="digits", view="Typical", classes=["3", "5"])
    names = ["Average **3**", "Most typical", "Most unusual", "Average **5**", "Most typical", "Most unusual"]
    assert [caption.value for caption in at.caption][-6:] == names
    assert [(grid["row"], len(grid["captions"])) for grid in grids(at)] == [(10, 10)] * 4


def idx(kind: int, *shape: int) -> bytes:
    """An idx file of zeros."""
    return bytes([0, 0, 8, kind]) + b"".join(n.to_bytes(4, "big") for n in shape) + bytes(int(np.prod(shape)))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([("bad.zip", b"hello")], "bad.zip: not a ZIP file, or one that is damaged or cut short"),
        ([("a.csv", b"1,0,0,0,0\n"), ("bad.zip", b"hello")], "a.csv, bad.zip: only the files of an idx set belong"),
        (
            [("my-images-idx3-ubyte.idx", idx(3, 5, 4, 4)), ("my-labels-idx1-ubyte.idx", idx(1, 3))],
            "my-images-idx3-ubyte.idx: ",
        ),
        (
            [("my-images-idx3-ubyte.idx", idx(3, 0, 4, 4)), ("my-labels-idx1-ubyte.idx", idx(1, 0))],
            "my-labels-idx1-ubyte.idx: holds no",
        ),
    ],
    ids=["no ZIP", "two files", "fewer labels than images", "no images"],
)
def test_a_file_that_cannot_be_imported_is_told_by_its_own_name(files, message):
    at = explore(view="Import")
    at.get("file_uploader")[0].set_value([(name, data, "application/zip") for name, data in files]).run()
    assert not at.exception, at.exception[0].message
    said = at.error[0].value.replace("\\", "")
    assert said.startswith(message)
    assert "hcr-import" not in said
    assert "/tmp" not in said


def test_a_refused_import_leaves_no_progress_bar():
    at = explore(view="Import")
    rows = "".join(f"{i % 2}{',0' * 16}\n" for i in range(12))
    at.get("file_uploader")[0].set_value([("own.csv", rows.encode(), "text/csv")]).run()
    at.text_input(key="import_name").set_value("digits").run()
    at.button(key="import_start").click().run()
    assert "name of a known data set" in at.error[0].value
    assert not at.get("progress")


def test_an_import_is_called_as_its_file():
    at, rows = explore(view="Import"), "".join(f"{i % 2}{',0' * 16}\n" for i in range(12)).encode()
    for file, name in (("My letters (2).csv", "my-letters-2"), ("digits.csv", "digits-2"), ("буквы.csv", "my-letters")):
        at.get("file_uploader")[0].set_value([(file, rows, "text/csv")]).run()
        assert at.text_input(key="import_name").value == name
    assert not at.button(key="import_start").disabled


def test_published_counts_are_complete():
    assert sum(PUBLISHED_COUNTS["A-Z Handwritten Alphabets (published)"].values()) == 372_450
    assert len(PUBLISHED_COUNTS["NIST SD19 (published)"]) == 62


def test_splits_have_the_same_order_and_colours_in_every_data_set(monkeypatch):
    from ui import data as lookup

    def colours(name: str, splits: list[str]) -> dict[str, str]:
        images, labels = np.zeros((3, 8, 8), np.uint8), np.arange(3) % 2
        dataset = Dataset(name, images, labels, Alphabet.from_text("ab"), np.resize(splits, 3))
        monkeypatch.setattr(lookup, "dataset", lambda name: dataset)
        series = {split: dict(zip("ab", counts, strict=True)) for split, counts in lookup.counts(name).items()}
        return {bar.name: bar.marker.color for bar in count_bars(series, "ab", log=False, share=False).data}

    two, three = colours("two", ["test", "train"]), colours("three", ["test", "validation", "train"])
    assert ([*two], [*three]) == (["train", "test"], ["train", "validation", "test"])
    assert two.items() <= three.items()


def test_count_bars_follow_the_order_and_fill_what_is_missing():
    figure = count_bars({"a": {"x": 3, "y": 1}, "b": {"y": 2}}, ["y", "x"], log=False, share=False)
    assert [list(bar.x) for bar in figure.data] == [[1, 3], [2, 0]]
    assert figure.layout.yaxis.categoryarray == ("y", "x")
    # The classes from the top, and with them the bars of a class, in the order of the legend at the left.
    assert figure.layout.yaxis.autorange == "reversed"
    assert figure.layout.legend.xanchor == "left"


def test_a_matrix_leaves_its_diagonal_out():
    figure = class_matrix(np.array([[0.9, 0.1], [0.2, 0.8]]), ["a", "b"], "of", "are")
    assert np.isnan(np.diag(figure.data[0].z)).all()
    assert figure.data[0].z[0][1] == 0.1


def test_classes_on_an_axis_are_read_from_the_back_of_a_room_and_l_differs_from_1():
    bars = count_bars({"a": {"l": 3, "1": 1}}, ["l", "1"], log=False, share=False)
    boxes = distributions(np.arange(4.0), np.array([0, 0, 1, 1]), ["l", "1"], "pixels")
    matrix = class_matrix(np.eye(2), ["l", "1"], "of", "are")
    for axis in (bars.layout.yaxis, boxes.layout.xaxis, matrix.layout.xaxis, matrix.layout.yaxis):
        assert axis.tickfont.size >= 14
        assert "mono" in axis.tickfont.family


def test_a_box_for_each_class_present():
    figure = distributions(np.arange(6.0), np.array([0, 0, 0, 2, 2, 2]), ["a", "b", "c"], "pixels")
    assert [box.name for box in figure.data] == ["a", "c"]


def test_as_many_colours_as_classes():
    assert len(set(class_colours(62))) == 62


@pytest.mark.parametrize("number", ["9" * 400, "1e999", "nan", "-1", "x"])
def test_an_address_with_an_impossible_number_shows_the_gallery(number):
    at = page_at("pages/explore.py", data="digits", view="Gallery", shuffle=number, each=number, tile=number)
    assert not at.exception
    assert at.number_input[0].value == 0


def test_thousands_of_classes_are_not_compared_with_each_other(tmp_path, monkeypatch):
    monkeypatch.setenv("HCR_IMPORTED_DIR", str(tmp_path))
    (tmp_path / "a.csv").write_text("".join(f"L{i},0,9,9,0\n" for i in range(1001)))
    import_dataset(tmp_path / "a.csv", "many")
    assert "1,001 classes; at most 1,000 are compared" in words(explore(data="many", view="Look-alikes"))
