"""CSV files as other people write them, and bad ones refused with file, line and reason."""

import zipfile

import numpy as np
import pytest
from conftest import gathered, images_of

from hcr_core.datasets import DatasetError, import_dataset
from hcr_core.datasets.readers import blocks_of, csv_file
from hcr_core.datasets.readers.csv_file import csv_blocks, read_layout


@pytest.fixture(autouse=True)
def _imported_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("HCR_IMPORTED_DIR", str(tmp_path / "imported"))
    monkeypatch.setenv("HCR_CACHE_DIR", str(tmp_path / "cache"))


def csv_text(images, labels, *, last: bool = False, header: bool = False, delimiter: str = ",") -> str:
    rows = [[*map(str, image.ravel())] for image in images]
    rows = [[*row, label] if last else [label, *row] for row, label in zip(rows, labels, strict=True)]
    names = [f"pixel{i}" for i in range(images[0].size)]
    head = [[*names, "label"] if last else ["label", *names]] if header else []
    return "".join(delimiter.join(row) + "\n" for row in head + rows)


@pytest.mark.parametrize("side", [2, 3, 28, 30])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("header", [False, True])
def test_csv_of_any_size_with_the_label_first_or_last(tmp_path, side, last, header):
    images = images_of(6, side) if side > 2 else np.arange(24, dtype=np.uint8).reshape(6, 2, 2) * 10
    labels = ["A", "B", "A", "ka", "B", "A"]
    (tmp_path / "a.csv").write_text(csv_text(images, labels, last=last, header=header))
    found, names = gathered(tmp_path / "a.csv")
    assert np.array_equal(found, images)
    assert names == labels


@pytest.mark.parametrize("last", [False, True])
def test_numbers_as_labels_first_or_last_are_found_by_their_variety(tmp_path, last):
    """The file is sorted by label, as the A-Z set is: its beginning alone would not tell."""
    images, labels = images_of(200, 5), [str(i // 50) for i in range(200)]
    (tmp_path / "a.csv").write_text(csv_text(images, labels, last=last))
    assert gathered(tmp_path / "a.csv")[1] == labels


def test_a_label_column_by_name(tmp_path):
    text = csv_text(images_of(3), ["x", "y", "z"], header=True).replace("label", "Zeichen", 1)
    (tmp_path / "a.csv").write_text(text)
    assert gathered(tmp_path / "a.csv", "Zeichen")[1] == ["x", "y", "z"]
    assert gathered(tmp_path / "a.csv", "zeichen")[1] == ["x", "y", "z"]
    with pytest.raises(DatasetError, match="line 1: no column 'none'"):
        gathered(tmp_path / "a.csv", "none")


def test_a_named_column_in_the_middle(tmp_path):
    rows = ["p0,p1,label,p2,p3", "1,2,A,3,4", "5,6,B,7,8"]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    images, labels = gathered(tmp_path / "a.csv")
    assert images.reshape(2, 4).tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert labels == ["A", "B"]


@pytest.mark.parametrize(
    ("header", "is_one"),
    [
        ("0,0.1,0.2,0.3,0.4", True),  # pandas' names for repeated zeros: the A-Z set saved again
        ("0,1,2,3,4", True),  # pandas' names for columns without any
        ("label,1x1,1x2,2x1,2x2", True),
        ("3,0,0,255,0", False),
        ("3,0.0,0.0,255.0,0.0", False),
        ("A,0,0,255,0", False),
    ],
)
def test_a_header_is_told_from_a_first_row(tmp_path, header, is_one):
    (tmp_path / "a.csv").write_text(header + "\n1,10,20,30,40\n2,50,60,70,80\n")
    assert len(gathered(tmp_path / "a.csv", "first")[1]) == (2 if is_one else 3)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\n\n"),
        lambda text: text.rstrip("\n"),
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",", "\t"),
        lambda text: text.replace(",0", ",0.0"),
        lambda text: text.replace(",", ", "),
        lambda text: text.replace("A,", '"A",'),
    ],
    ids=["crlf", "bom", "blank lines", "no last newline", "semicolons", "tabs", "floats", "spaces", "quotes"],
)
@pytest.mark.parametrize("header", [False, True])
def test_other_peoples_csv(tmp_path, spoil, header):
    images = images_of(4)
    (tmp_path / "a.csv").write_bytes(spoil(csv_text(images, ["A", "B", "A", "C"], header=header)).encode())
    found, labels = gathered(tmp_path / "a.csv")
    assert np.array_equal(found, images)
    assert labels == ["A", "B", "A", "C"]


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "id", "ImageId"])
def test_a_column_of_the_rows_numbers_is_left_out(tmp_path, name):
    (tmp_path / "a.csv").write_text(f"{name},label,p0,p1,p2,p3\n0,A,1,2,3,4\n1,B,5,6,7,8\n")
    images, labels = gathered(tmp_path / "a.csv")
    assert labels == ["A", "B"]
    assert images[1].ravel().tolist() == [5, 6, 7, 8]


def test_a_column_called_id_is_the_label_where_nothing_else_can_be(tmp_path):
    (tmp_path / "a.csv").write_text("id,p0,p1,p2,p3\nA,1,2,3,4\nB,5,6,7,8\n")
    assert gathered(tmp_path / "a.csv")[1] == ["A", "B"]


def test_labels_of_a_spreadsheet_are_whole_numbers_again(tmp_path):
    (tmp_path / "a.csv").write_text("7.0,1,2,3,4\n 8 ,1,2,3,4\n07,1,2,3,4\n")
    assert gathered(tmp_path / "a.csv", "first")[1] == ["7", "8", "7"]


GOOD = csv_text(images_of(5), list("ABABA"))
LINES = GOOD.splitlines()


def with_line(number: int, line: str) -> str:
    return "\n".join([*LINES[: number - 1], line, *LINES[number:]]) + "\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("label,p0,p1,p2,p3\n", "line 2: no rows"),
        (with_line(3, LINES[2] + ",7"), "line 3: 18 columns, where 17"),
        (with_line(3, LINES[2].rsplit(",", 1)[0]), "line 3: 16 columns, where 17"),
        (with_line(4, "A," + ",".join(["256"] * 16)), "line 4, column 2: 256 is outside 0-255"),
        (with_line(4, "A,-1" + ",1" * 15), "line 4, column 2: -1 is outside"),
        (with_line(5, "A,1,ink" + ",1" * 14), "line 5, column 3: 'ink' is text"),
        (with_line(5, "A,1,," + ",".join(["1"] * 14)), "line 5, column 3: the pixel is missing"),
        (with_line(2, "," + ",".join(["1"] * 16)), "line 2: the label is missing"),
        (with_line(2, "  ," + ",".join(["1"] * 16)), "line 2: the label is missing"),
        (with_line(2, "B,0.5" + ",1" * 15), "line 2, column 2: 0.5 is no whole number"),
        (with_line(2, "B,nan" + ",1" * 15), "line 2, column 2: nan is outside"),
        ("1,2,3,4,5\n1,2,3,4\n1,2,3,4,5,6\n", "line 2: 4 columns, where 5"),
        ("1,2,3,4,5\n2,2,3,4,\n", "line 2, column 5: the pixel is missing"),
        ("1,2,3,4,5\n1,2,3,4,1000\n", "line 2, column 5: 1000 is outside"),
        ("1,2,3,4,5\n1,2,256,4,5\n", "line 2, column 3: 256 is outside"),
        ("1,2,3,4,5\n,2,3,4,5\n", "line 2: the label is missing"),
        ("1,2,3,4,5\n" * 3 + "1,2,3,4,5,6,7,8,9\n\n", "line 4: 9 columns"),
        ("A,1,2,3\nB,4,5,6\n", "line 1: 3 pixel columns make no square image"),
        ("A,1\n", "line 1: 1 pixel columns make no square"),
        ("9" * 400 + ",1,2,3,4\n", "characters; labels have at most"),
        ('"\n0\n', "line 1: a single cell; a line of a CSV here is a label and the pixels"),
        ("x", "line 1: a single cell; a line of a CSV here is a label and the pixels"),
        ('A,0,1,2,3\nB,1,1,1,"', "line 2, column 5: the pixel is missing"),
    ],
)
def test_a_bad_csv_is_refused_with_its_line(tmp_path, text, reason):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(DatasetError) as caught:
        import_dataset(path, "bad")
    assert str(path) in str(caught.value)
    assert reason in str(caught.value)
    assert not (tmp_path / "imported" / "bad").exists()
    assert not list((tmp_path / "imported").glob(".*"))


def test_a_csv_of_another_encoding_says_how_to_save_it(tmp_path):
    (tmp_path / "a.csv").write_bytes("label,a,b,c,d\nA,1,2,3,4\n".encode("utf-16"))
    with pytest.raises(DatasetError, match="line 1: not UTF-8 text: save it as CSV UTF-8"):
        read_layout(tmp_path / "a.csv")


@pytest.mark.parametrize("data", [b"A,1,2,3,4\n\xff\xfe,1,2,3,4\n", b"A,1,2,3,4\nB\0,1,2,3,\0\n"])
def test_what_is_no_text_is_refused(tmp_path, data):
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(DatasetError, match="line 2"):
        gathered(tmp_path / "a.csv", "first")


def test_a_file_without_line_ends_is_no_csv(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_file, "MAX_LINE", 1000)
    (tmp_path / "a.csv").write_bytes(b"1," * 10_000)
    with pytest.raises(DatasetError, match="line 1: longer than"):
        gathered(tmp_path / "a.csv")


@pytest.mark.parametrize("piece", [1, 100, 1000])
def test_pieces_of_any_size_give_the_same(tmp_path, piece):
    images, labels = images_of(50), [f"c{i % 7}" for i in range(50)]
    (tmp_path / "a.csv").write_text(csv_text(images, labels, header=True))
    blocks = list(csv_blocks(tmp_path / "a.csv", piece=piece))
    assert np.array_equal(np.concatenate([b.images for b in blocks]), images)
    assert np.concatenate([b.labels for b in blocks]).tolist() == labels
    assert blocks[-1].fraction == 1


@pytest.mark.parametrize("piece", [1, 64])
def test_the_line_is_right_in_a_later_piece(tmp_path, piece):
    (tmp_path / "a.csv").write_text(csv_text(images_of(40), ["A"] * 40, header=True) + "A,1,2\n")
    with pytest.raises(DatasetError, match="line 42: 3 columns"):
        list(csv_blocks(tmp_path / "a.csv", piece=piece))


@pytest.mark.parametrize("label", ["first", "last", "middle"])
def test_plain_numbers_are_parsed_as_the_other_ways_do(tmp_path, label):
    """All values and widths of cells; a quoted label sends the same rows the long way."""
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (300, 9)), rng.integers(0, 1000, 300)
    at = {"first": 0, "last": 9, "middle": 4}[label]
    names = np.insert(np.array([f"p{i}" for i in range(9)], object), at, "label")
    for name, quote in (("plain", ""), ("quoted", '"')):
        rows = [[*map(str, row)] for row in pixels]
        for row, number in zip(rows, labels, strict=True):
            row.insert(at, f"{quote}{number}{quote}")
        (tmp_path / f"{name}.csv").write_text("\n".join(",".join(row) for row in [names, *rows]))
        found, read = gathered(tmp_path / f"{name}.csv")
        assert np.array_equal(found.reshape(300, 9), pixels)
        assert read == [str(number) for number in labels]


def test_the_layout_says_what_was_found(tmp_path):
    (tmp_path / "a.csv").write_text(csv_text(images_of(4), list("ABCD"), last=True, header=True))
    layout = read_layout(tmp_path / "a.csv")
    assert (layout.label, layout.side, layout.header, layout.delimiter) == (16, 4, True, ",")


def test_a_zip_of_one_csv_is_read_as_that_csv(tmp_path):
    images, labels = images_of(12, 6), np.array(list("abc" * 4))
    with zipfile.ZipFile(tmp_path / "archive.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("A_Z Handwritten Data.csv", csv_text(images, labels, last=True))
    (block,) = blocks_of(tmp_path / "archive.zip", "last")
    assert np.array_equal(block.images, images)
    assert block.labels.tolist() == labels.tolist()


def test_a_bad_csv_in_a_zip_is_named_with_its_line(tmp_path):
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("letters.csv", "a,1,2,3,4\nb,1,2,300,4\n")
    with pytest.raises(DatasetError, match=r"archive\.zip: letters\.csv.* line 2"):
        list(blocks_of(tmp_path / "archive.zip"))
