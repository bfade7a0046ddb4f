"""Broken and hostile input of every kind: nothing crashes, hangs or fills the memory, all is refused in one line.

``make test`` tries ``CASES`` of them, the same every time; ``make fuzz`` 100,000 new ones (``HCR_FUZZ_CASES``).
What it costs at most is in ``hostile``.
"""

import base64
import contextlib
import gzip
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import images_of, page_at, sheet
from hostile import NASTY_TEXTS, broken, broken_json, nasty_json, nasty_text, survives, with_right_checksums
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from scripted_run import Script

from hcr_core import Recognizer
from hcr_core.cli import main
from hcr_core.datasets import DatasetError, import_dataset, preview, store
from hcr_core.datasets.readers import blocks_of
from hcr_core.datasets.readers.block import Block
from hcr_core.datasets.strokes import PenStrokes
from hcr_core.drawing import drawn_image, drawn_objects
from hcr_core.imaging import ImageError, decode, flatten
from hcr_core.model_card import best_accuracy, measured, parameters
from hcr_core.model_store import SHIPPED, ModelError, open_folder, stored_models
from hcr_core.recognition import LAYOUTS
from hcr_core.training import checkpoint, job
from hcr_core.training.config import TrainingConfig, TrainingError
from hcr_core.training.progress import Watch
from ui.live import views

#: How many cases there are in all, and the seed-less variety of the nightly run.
CASES = 2_000
WANTED = int(os.environ.get("HCR_FUZZ_CASES", CASES))
_TRIED: Counter = Counter()


def cases(share: float):
    """A test of this share of all cases."""

    def decorate(test):
        return settings(
            max_examples=max(1, round(share * WANTED)),
            deadline=None,
            database=None,
            derandomize=WANTED <= CASES,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        )(test)

    return decorate


@pytest.fixture(scope="module", autouse=True)
def _places(tmp_path_factory):
    """Folders of these tests alone."""
    folder = tmp_path_factory.mktemp("fuzz")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATA", "IMPORTED", "RUNS", "MODELS"):
            patch.setenv(f"HCR_{name}_DIR", str(folder / name.lower()))
        yield folder


@contextlib.contextmanager
def scratch():
    """A folder for one case."""
    folder = Path(tempfile.mkdtemp(prefix="hcr-fuzz-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


# Images


def _saved(image: Image.Image, form: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def _image_files() -> list[bytes]:
    """Every format and mode that is read, small; and files of other kinds."""
    gray = Image.fromarray(sheet("F", side=40, size=24, at=(8, 8), pen=3))
    rgb, rgba = gray.convert("RGB"), gray.convert("RGBA")
    palette, deep = gray.convert("P"), Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
    floats = Image.fromarray((np.asarray(gray) / 255).astype(np.float32))
    text = PngImagePlugin.PngInfo()
    text.add_itxt("Comment", "x" * 200, zip=True)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a letter"
    files = [_saved(image, "PNG") for image in (gray, rgb, rgba, deep, gray.convert("1"), gray.convert("LA"))]
    files += [_saved(palette, "PNG", transparency=0), _saved(rgb, "PNG", pnginfo=text, exif=exif)]
    files += [
        _saved(rgb, "JPEG", exif=exif),
        _saved(gray, "JPEG", progressive=True),
        _saved(rgb.convert("CMYK"), "JPEG"),
    ]
    files += [_saved(palette, "GIF"), _saved(gray, "GIF", save_all=True, append_images=[gray.rotate(90)])]
    files += [_saved(image, "BMP") for image in (gray, rgb, gray.convert("1"))]
    files += [
        _saved(rgb, "TIFF", compression=how) for how in ("raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits")
    ]
    files += [_saved(gray.convert("1"), "TIFF", compression="group4"), _saved(floats, "TIFF"), _saved(deep, "TIFF")]
    files += [
        _saved(rgba, "WEBP", lossless=True),
        _saved(rgb, "WEBP"),
        _saved(rgb, "WEBP", save_all=True, append_images=[rgb]),
    ]
    files += [_saved(rgb, "ICO", sizes=[(16, 16)]), _saved(rgb, "PPM"), b"%PDF-1.7\n", b"8BPS\0\1" + bytes(40)]
    files += [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    ]
    return files


IMAGES = _image_files()


@cases(0.25)
@given(data=broken(IMAGES), repair=st.booleans())
def test_image_files(data, repair):
    _TRIED["images"] += 1
    if repair and data.startswith(b"\x89PNG"):
        data = with_right_checksums(data)
    image = survives(lambda: decode(data), ImageError)
    if image is not None:
        assert image.dtype == np.uint8
        assert image.ndim in (2, 3)
        assert survives(lambda: flatten(image), ImageError) is not None or not image.size


_pictures = st.tuples(
    st.sampled_from(["noise", "blank", "few", "stripes", "letter"]),
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
    st.sampled_from([(), (3,), (4,)]),
    st.sampled_from([0, 1, 127, 254, 255]),
    st.integers(0, 2**32 - 1),
)


def _picture(kind: str, size: tuple[int, int], channels: tuple[int, ...], level: int, seed: int) -> np.ndarray:
    """An array that is an image, from blank to noise."""
    rng = np.random.default_rng(seed)
    if kind == "noise":
        return rng.integers(0, 256, size + channels, np.uint8)
    image = np.full(size + channels, level, np.uint8)
    if kind == "few":
        image[rng.random(size) < 0.02] = rng.integers(0, 256)
    if kind == "stripes":
        image[:: rng.integers(1, 9)] = rng.integers(0, 256)
    if kind == "letter":
        drawn = cv2.resize(sheet("g", side=100, size=90, at=(5, 5)), size[::-1])
        image[:] = drawn.reshape(size + (1,) * len(channels))
    return image


@cases(0.1)
@given(picture=_pictures, layout=st.sampled_from(LAYOUTS), kind=st.sampled_from(["all", "digits", "lowercase"]))
def test_reading_any_array(recognizer, picture, layout, kind):
    _TRIED["arrays"] += 1
    image = _picture(*picture)
    reading = survives(lambda: recognizer.read(image, layout, kind), ImageError)
    assert all(np.isfinite(character.probability) for character in reading.characters)
    json.dumps(reading.lines_to_dict(), allow_nan=False)


# Data sets


def read_whole(path: Path, name: str, data: bytes | None = None) -> None:
    """Preview and import a file; whatever is kept must open again."""
    if data is not None:
        (path / name).write_bytes(data)
    survives(lambda: preview(path / name), DatasetError)
    kept = survives(lambda: import_dataset(path / name, "fuzzed", dry_run=True), DatasetError)
    assert kept is None or len(kept.images) == len(kept.labels)


_TABLES = [
    b"label,p0,p1,p2,p3\nA,0,1,2,3\nB,0,9,255,0\n",
    b"0,1,2,3,7\n255,1,2,3,8\n",
    "\ufeffக;0;0;9;0\nક;1;2;3;4\n".encode(),
    b'"a","0","0","0","1"\r\n"b",0.0,1.0,2,3\r\n',
    b"0\t1\t2\t3\tx\n1\t1\t1\t1\ty\n",
]
_cell = st.one_of(st.integers(-1, 256).map(str), st.integers(0, 255).map(str), nasty_text)


@cases(0.1)
@given(data=broken(_TABLES))
def test_broken_csv_files(data):
    _TRIED["csv"] += 1
    with scratch() as folder:
        read_whole(folder, "letters.csv", data)


@cases(0.05)
@given(rows=st.lists(st.lists(_cell, min_size=1, max_size=6), max_size=6), delimiter=st.sampled_from(",;\t"))
def test_csv_files_of_nasty_cells(rows, delimiter):
    _TRIED["csv"] += 1
    text = "\n".join(delimiter.join(row) for row in rows)
    with scratch() as folder:
        read_whole(folder, "letters.csv", text.encode("utf-8", "surrogatepass"))


def _idx(array: np.ndarray) -> bytes:
    return b"\0\0\x08" + bytes([array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.astype(np.uint8).tobytes()


_IDX = [_idx(images_of(3)), _idx(np.array([0, 1, 1])), _idx(np.zeros((3, 2, 3), np.uint8))]


@cases(0.08)
@given(
    pair=st.tuples(broken(_IDX[:1]), broken(_IDX[1:2])),
    packed=st.sampled_from(["", "inside", "outside"]),
    mapping=st.none() | broken([b"0 65\n1 66\n"]),
)
def test_idx_files(pair, packed, mapping):
    _TRIED["idx"] += 1
    names = ("a-train-images-idx3-ubyte", "a-train-labels-idx1-ubyte")
    with scratch() as folder:
        for name, data in zip(names, pair, strict=True):
            data = gzip.compress(data, 1) if packed else data
            (folder / (name + (".gz" if packed else ""))).write_bytes(data[: -9 if packed == "outside" else None])
        if mapping is not None:
            (folder / "a-mapping.txt").write_bytes(mapping)
        read_whole(folder, names[0] + (".gz" if packed else ""))
        survives(lambda: list(blocks_of(folder)), DatasetError)


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


_ARRAYS = [
    *(_npy(images_of(3)), _npy(images_of(3).astype(float)), _npy(np.asfortranarray(images_of(3)))),
    *(_npy(np.array([0, 1, 1])), _npy(np.array(["a", "b", "c"])), _npy(np.array([1.0, np.nan, 2.0]))),
    *(_npy(np.array(["a", None, {}], object)), _npy(np.zeros((0, 4, 4), np.uint8)), _npy(np.array(3))),
]


@cases(0.08)
@given(
    members=st.dictionaries(
        st.sampled_from(["images", "labels", "x_train", "y_train", "x_test", "y_test", "classes", "writers"]),
        broken(_ARRAYS),
        max_size=4,
    ),
    outside=st.booleans(),
    data=st.data(),
)
def test_npz_files(members, outside, data):
    _TRIED["npz"] += 1
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in members.items():
            archive.writestr(f"{name}.npy", array)
    packed = data.draw(broken([buffer.getvalue()])) if outside else buffer.getvalue()
    with scratch() as folder:
        read_whole(folder, "letters.npz", packed)
        survives(lambda: PenStrokes.from_npz(folder / "letters.npz"), DatasetError)


_member_name = st.one_of(
    st.sampled_from(
        ["a/1.png", "b/2.png", "train/a/3.PNG", "labels.csv", "x/labels.csv", "table.csv", "../e.png", "/a/1.png"]
    ),
    nasty_text.filter(lambda text: len(text) < 200).map(lambda text: text.encode("utf-8", "replace").decode()),
)
_list = st.lists(
    st.lists(st.sampled_from(["image", "label", "split", "1.png", "a/1.png", "train", *NASTY_TEXTS]), max_size=4)
)


@cases(0.1)
@given(
    files=st.dictionaries(_member_name, broken(IMAGES[:8]), max_size=4),
    table=st.none() | _list,
    form=st.sampled_from(["zip", "broken zip", "folder"]),
    data=st.data(),
)
def test_folders_and_zips_of_pictures(files, table, form, data):
    _TRIED["pictures"] += 1
    if table is not None:
        text = "\n".join(",".join(row) for row in [["image", "label", "split"], *table])
        files |= {"labels.csv": text.encode("utf-8", "replace")}
    with scratch() as folder:
        if form == "folder":
            for name, content in files.items():
                path = folder / "set" / name.lstrip("/")
                if ".." not in name and "\0" not in name and name.strip("./ "):
                    with contextlib.suppress(OSError):  # a name that no file can have
                        path.parent.mkdir(parents=True, exist_ok=True)
                        path.write_bytes(content)
            if (folder / "set").exists():
                read_whole(folder, "set")
            return
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(name), content)
        packed = buffer.getvalue() if form == "zip" else data.draw(broken([buffer.getvalue()]))
        read_whole(folder, "set.zip", packed)


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> dict[str, bytes]:
    """The files of a small data set as it is kept."""
    folder = tmp_path_factory.mktemp("stored") / "set"
    block = Block(images_of(8), np.array(list("abababab")), writers=np.array(list("xyxyxyxy")))
    store.write(folder, [block], {"name": "set", "source": "", "licence": ""})
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@cases(0.06)
@given(data=st.data())
def test_kept_data_sets(stored, data):
    _TRIED["kept sets"] += 1
    with scratch() as folder:
        for name, content in stored.items():
            (folder / name).write_bytes(content)
        name = data.draw(st.sampled_from(sorted(stored)))
        if name == "meta.json" and data.draw(st.booleans()):
            (folder / name).write_text(json.dumps(data.draw(broken_json(json.loads(stored[name])))), errors="replace")
        else:
            (folder / name).write_bytes(data.draw(broken([stored[name]])))
        dataset = survives(lambda: store.read(folder), DatasetError)
        if dataset is not None:
            survives(lambda: (dataset.counts, dataset.splits, dataset.part("train")), DatasetError)


# What a browser sends


@cases(0.05)
@given(
    url=st.one_of(
        nasty_json,
        broken(IMAGES).map(lambda data: f"data:image/png;base64,{base64.b64encode(data).decode()}"),
        nasty_text,
    ),
    raw=broken_json({"version": "6", "objects": [{"type": "Path", "path": [["M", 1, 2]], "stroke": "#000"}]}),
)
def test_the_canvas(url, raw):
    _TRIED["canvas"] += 1
    image = survives(lambda: drawn_image(url))
    assert image is None or image.dtype == np.uint8
    assert all(isinstance(entry, dict) for entry in survives(lambda: drawn_objects(raw)))


_ADDRESSES = {
    "explore": ["data", "view", "beside", "order", "axis", "classes", "each", "tile", "look", "shuffle", "likeness"],
    "models": ["show", "data", "part", "characters", "truth", "read_as", "model", "answers"],
    "train": ["run"],
    "recognize": ["model", "recognize_classes"],
}


@cases(0.015)
@given(data=st.data())
def test_addresses(data):
    """Without the limits: these pages load data sets, models and charts."""
    _TRIED["addresses"] += 1
    page = data.draw(st.sampled_from(sorted(_ADDRESSES)))
    names = st.sampled_from(_ADDRESSES[page])
    text = nasty_text.map(lambda text: text.encode("utf-8", "replace").decode().replace("\0", ""))
    parameters = data.draw(st.dictionaries(names, st.one_of(text, st.sampled_from(["digits", "Gallery", "Confusion"]))))
    at = page_at(f"pages/{page}.py", **parameters)
    assert not at.exception, at.exception[0].message
    assert not any("http://host" in element.value and "\\" not in element.value for element in at.info)


# What lies in the folders of models and runs

_CARD = json.loads((SHIPPED / "characters" / "card.json").read_text()) | {"history": [{"epoch": 1, "accuracy": 0.5}]}


@pytest.fixture(scope="module")
def model_files() -> dict[str, bytes]:
    return {name: (SHIPPED / "characters" / name).read_bytes() for name in ("model.keras", "model.tflite")}


def _look_at(folder: Path) -> None:
    """All that is done with a card before its model reads."""
    model = open_folder(folder)
    best_accuracy(model.card), parameters(model.card), measured(model.card)
    model.verify()
    Recognizer(model)


@cases(0.06)
@given(card=st.one_of(broken_json(_CARD), broken([json.dumps(_CARD).encode()])))
def test_cards(model_files, card):
    _TRIED["cards"] += 1
    with scratch() as folder:
        for name, content in model_files.items():
            (folder / name).write_bytes(content)
        data = card if isinstance(card, bytes) else json.dumps(card).encode("utf-8", "surrogatepass")
        (folder / "card.json").write_bytes(data)
        survives(lambda: _look_at(folder), ModelError)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HCR_MODELS_DIR", str(folder.parent))
            survives(lambda: [model.error for model in stored_models()[1]])


@pytest.fixture(scope="module")
def run_files(tmp_path_factory) -> dict[str, bytes]:
    """The files of a run in the middle of its work."""
    script = Script(tmp_path_factory.mktemp("runs") / "run", epochs=3)
    script.state("training").start().epochs(2, {"visitor": 3}).end()
    checkpoint.write(script.run.folder / job.CHECKPOINT, checkpoint.Position(), {"w0": np.zeros(3)})
    return {path.name: path.read_bytes() for path in script.run.folder.iterdir()}


def _shown(run: job.Run) -> None:
    """All that the Train page makes of a run's files."""
    run.state(), run.said(), run.images_per_second()
    assert 0 <= run.ticket < 1e11
    with Watch(run).latest() as progress:
        json.dumps(views.header(run.state(), run.said(), progress, run.config), allow_nan=False)
        for view in (views.curves(progress, 3), views.gallery(progress), views.classes(progress)):
            json.dumps(view, allow_nan=False)
        for readings in progress.drawings.values():
            json.dumps(views.drawing(readings, progress.classes, 3, ""), allow_nan=False)


@cases(0.07)
@given(data=st.data())
def test_runs(run_files, data):
    _TRIED["runs"] += 1
    with scratch() as folder:
        for name, content in run_files.items():
            (folder / name).write_bytes(content)
        name = data.draw(st.sampled_from([job.EVENTS, job.EVENTS, *sorted(run_files)]))
        if name == job.EVENTS and data.draw(st.booleans()):
            lines = run_files[name].splitlines()
            place = data.draw(st.integers(0, len(lines) - 1))
            lines[place] = json.dumps(data.draw(broken_json(json.loads(lines[place])))).encode()
            (folder / name).write_bytes(b"\n".join(lines) + b"\n")
        elif name.endswith(".json") and data.draw(st.booleans()):
            (folder / name).write_text(json.dumps(data.draw(broken_json(json.loads(run_files[name])))))
        else:
            (folder / name).write_bytes(data.draw(broken([run_files[name]])))
        run = job.Run(folder)
        survives(lambda: _shown(run), TrainingError)
        survives(lambda: TrainingConfig.read(folder / job.CONFIG), TrainingError)
        survives(lambda: checkpoint.read(folder / job.CHECKPOINT), TrainingError)


# The command line

_WORDS = ["characters", "digits", "all", "csv", "npz", "litert", "no-such", ".", "..", "/", "a.png", *NASTY_TEXTS]
_COMMANDS = {
    ("read",): ["--json", "--alphabet", "--layout", "--model"],
    ("data", "info"): ["--json"],
    ("data", "import"): ["--name", "--label-column", "--polarity", "--split", "--dry-run"],
    ("data", "export"): ["--format"],
    ("data", "remove"): [],
    ("models", "list"): ["--json"],
    ("models", "show"): ["--json"],
    ("models", "delete"): [],
    ("models", "export"): ["--format", "--force"],
    ("evaluate",): ["--data", "--model", "--split"],
    ("train",): ["--resume", "--finish", "--epochs", "--learning-rate"],
}


def _called(arguments: list[str]) -> int:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            status = main(arguments)
        except SystemExit as ended:  # argparse refuses so
            status = ended.code
    assert "Traceback" not in err.getvalue()
    return status


@cases(0.05)
@given(data=st.data())
def test_the_command_line(data):
    _TRIED["command line"] += 1
    command = data.draw(st.sampled_from(sorted(_COMMANDS)))
    # No shell can hand over a zero byte.
    words = st.sampled_from([word for word in _WORDS if "\0" not in word])
    rest = data.draw(st.lists(st.one_of(words, st.sampled_from([*_COMMANDS[command], "--"])), max_size=5))
    if command in (("read",), ("data", "import")) and {"/", "..", "."} & set(rest):
        return  # all the files of this machine
    with scratch() as folder:
        here = os.getcwd()
        os.chdir(folder)
        try:
            assert survives(lambda: _called([*command, *rest])) in (0, 1, 2)
        finally:
            os.chdir(here)


def test_there_were_enough():
    """The last of this file: how many cases each kind had."""
    if set(_TRIED) != _ALL:
        pytest.skip("only some of the tests of this file were run")
    print(f"{sum(_TRIED.values()):,} cases: " + ", ".join(f"{kind} {count:,}" for kind, count in _TRIED.items()))
    assert sum(_TRIED.values()) >= 0.97 * WANTED, _TRIED


_ALL = {
    *("images", "arrays", "csv", "idx", "npz", "pictures", "kept sets", "canvas", "addresses", "cards", "runs"),
    "command line",
}
