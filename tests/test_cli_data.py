"""``python -m hcr_core data ...``, and downloads from a server on this machine."""

import hashlib
import http.server
import json
import subprocess
import sys
import threading
import types
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from conftest import ROOT

from hcr_core.cli import main
from hcr_core.corrections import Sample, keep
from hcr_core.datasets import DatasetError, load
from hcr_core.datasets.download import fetch, get
from hcr_core.datasets.entries import ENTRIES, Download
from hcr_core.datasets.readers.idx import write_idx


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    for name in ("data", "cache", "imported", "corrections"):
        monkeypatch.setenv(f"HCR_{name.upper()}_DIR", str(tmp_path / name))
    return tmp_path


@pytest.fixture
def letters(tmp_path):
    """A CSV of 5 x 5 images of two classes, the label last."""
    rng = np.random.default_rng(0)
    lines = []
    for label in "AB" * 10:
        image = np.zeros((5, 5), int)
        image[1:-1, 1:-1] = rng.integers(1, 256, (3, 3))
        lines.append(",".join(map(str, image.ravel())) + f",{label}")
    path = tmp_path / "letters.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_import_info_export_and_remove(letters, tmp_path, capsys):
    assert main(["data", "import", str(letters), "--name", "mine"]) == 0
    assert "A:10 B:10" in capsys.readouterr().out
    assert main(["data", "info", "mine", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "name": "mine",
        "images": 20,
        "height": 5,
        "width": 5,
        "classes": 2,
        "counts": {"A": 10, "B": 10},
        "splits": {"train": 16, "test": 4},
        "source": str(letters),
        "licence": "your own data",
    }
    for form in ("csv", "npz", "idx", "folder"):
        out = tmp_path / f"out.{form}"
        assert main(["data", "export", "mine", "--format", form, str(out)]) == 0
        assert capsys.readouterr().out.strip() == str(out)
        assert out.exists()
    assert main(["data", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["digits", "here"]
    assert lines[-1].split() == ["mine", "here", "imported"]
    assert main(["data", "remove", "mine"]) == 0
    assert main(["data", "info", "mine"]) == 1


def test_a_dry_run_says_what_it_found_and_keeps_nothing(letters, capsys):
    assert main(["data", "import", str(letters), "--name", "new", "--label-column", "last", "--dry-run"]) == 0
    assert capsys.readouterr().out.endswith("a dry run: nothing was kept\n")
    assert main(["data", "info", "new"]) == 1
    assert capsys.readouterr().err.startswith("hcr_core: unknown data set 'new'")


def test_where_nothing_was_written_yet_mine_is_no_unknown_set(monkeypatch, capsys):
    assert main(["data", "info", "mine"]) == 1
    assert capsys.readouterr().err == "hcr_core: there is nothing in 'mine' yet: correct an answer, or write a sheet\n"
    monkeypatch.setenv("HCR_COLLECT", "0")
    assert main(["data", "info", "mine"]) == 1
    assert "unknown data set 'mine'" in capsys.readouterr().err


def test_a_single_image_of_a_class_is_noted(letters, capsys):
    letters.write_text(letters.read_text() + ",".join(["0"] * 25) + ",C\n")
    for command in (["import", str(letters), "--name", "mine"], ["info", "mine"]):
        assert main(["data", *command]) == 0
        output = capsys.readouterr()
        assert (
            "\nnote        class 'C' has a single image, which cannot be both trained on and tested on\n" in output.out
        )
        assert output.err == ""


def test_why_nothing_can_be_tested_on_is_said(letters, capsys):
    letters.write_text(letters.read_text().split("\n")[0] + "\n")
    assert main(["data", "import", str(letters), "--name", "mine", "--label-column", "last"]) == 0
    capsys.readouterr()
    assert main(["evaluate", "--data", "mine"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("hcr_core: mine has no split 'test', only train: class 'A' has a single image, which")


def test_ones_own_sets_are_among_those_to_choose_from(letters, capsys):
    assert main(["data", "import", str(letters), "--name", "own"]) == 0
    keep(Sample(np.eye(28, dtype=np.uint8) * 255, "R"))
    for command in (["data", "info", "nothing"], ["evaluate", "--data", "nothing"]):
        assert main(command) == 1
        error = capsys.readouterr().err
        assert error.startswith("hcr_core: unknown data set 'nothing': choose one of digits, synthetic, ")
        assert error.endswith(", own, mine\n")
    assert main(["data", "get", "own"]) == 1
    assert capsys.readouterr().err == "hcr_core: own is your own, and on this machine already\n"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["import", "{letters}", "--name", "mine", "--label-column", "name"], "letters.csv: line 1: no column 'name'"),
        (["import", "none.csv", "--name", "mine"], "none.csv: there is no such file"),
        (["import", "{letters}", "--name", "mnist"], "name of a known data set"),
        (["info", "mnist", "--json"], "mnist is not in"),
        (["info", "nothing"], "unknown data set"),
        (["export", "mnist", "--format", "csv", "x.csv"], "mnist is not in"),
        (["get", "nothing"], "unknown data set"),
        (["get", "emnist62"], "is not distributed"),
        (["remove", "nothing"], "no imported data set"),
    ],
)
def test_errors_are_one_sentence_and_status_one(letters, capsys, arguments, reason):
    assert main(["data", *(argument.format(letters=letters) for argument in arguments)]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("hcr_core: ")
    assert reason in output.err
    assert output.err.count("\n") == 1


def test_every_entry_says_what_a_user_of_it_needs(capsys):
    assert main(["data", "list", "--json"]) == 0
    names = [json.loads(line)["name"] for line in capsys.readouterr().out.splitlines()]
    assert names == list(ENTRIES)
    for entry in ENTRIES.values():
        assert entry.title
        assert entry.licence
        assert entry.cite
        assert entry.splits
        assert entry.files or entry.bundled
        if entry.download is not None:
            assert entry.homepage
            assert entry.download.url.startswith("https://") or entry.download.kaggle


def test_info_groups_the_digits_of_large_numbers(capsys):
    assert main(["data", "info", "digits"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "images      1,797 of 28 x 28" in lines
    assert "splits      train:1,438 test:359" in lines


def test_info_gives_credit(capsys):
    assert main(["data", "info", "digits"]) == 0
    text = capsys.readouterr().out
    assert "CC BY 4.0" in text
    assert "Alpaydin" in text


def test_the_command_needs_neither_tensorflow_nor_pandas():
    code = (
        "import sys; from hcr_core.cli import main; main(['data', 'list']);"
        "print([name for name in ('tensorflow', 'streamlit', 'pandas', 'polars', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


# Downloads


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves ``server.body`` with ranges, as far as ``server.limit`` bytes an answer."""

    def do_GET(self):
        self.server.requests.append(dict(self.headers))
        body, start = self.server.body, 0
        if (wanted := self.headers.get("Range")) and self.headers.get("If-Range") == self.server.tag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(body):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body) - start))
        self.send_header("ETag", self.server.tag)
        self.end_headers()
        self.wfile.write(body[start : start + self.server.limit])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.body, server.tag, server.limit, server.requests = bytes(range(256)) * 4000, '"one"', 10**9, []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        server.url = f"http://127.0.0.1:{server.server_address[1]}/file.bin"
        yield server
        server.shutdown()
        thread.join()


SHA = "sha256:" + hashlib.sha256(bytes(range(256)) * 4000).hexdigest()


def test_a_download_shows_progress_and_is_verified(server, tmp_path):
    steps = []
    path = fetch(Download(server.url, "file.bin", SHA), tmp_path / "d", lambda *step: steps.append(step))
    assert path.read_bytes() == server.body
    assert steps[-1] == (len(server.body), len(server.body))
    assert [file.name for file in (tmp_path / "d").iterdir()] == ["file.bin"]


def test_a_broken_download_goes_on_where_it_stopped(server, tmp_path):
    download, server.limit = Download(server.url, "file.bin", SHA), 300_000
    with pytest.raises(DatasetError, match="it goes on where it stopped"):
        fetch(download, tmp_path, lambda *step: None)
    assert not (tmp_path / "file.bin").exists()
    server.limit = 10**9
    assert fetch(download, tmp_path, lambda *step: None).read_bytes() == server.body
    assert server.requests[1]["Range"] == "bytes=300000-"


def test_a_file_that_changed_meanwhile_is_fetched_from_the_start(server, tmp_path):
    server.limit = 300_000
    with pytest.raises(DatasetError):
        fetch(Download(server.url, "file.bin"), tmp_path, lambda *step: None)
    server.limit, server.body, server.tag = 10**9, b"new" * 200_000, '"two"'
    assert fetch(Download(server.url, "file.bin"), tmp_path, lambda *step: None).read_bytes() == server.body


def test_a_part_longer_than_the_file_is_begun_again(server, tmp_path):
    (tmp_path / ".file.bin.part").write_bytes(server.body + b"more")
    (tmp_path / ".file.bin.tag").write_text(server.tag)
    assert fetch(Download(server.url, "file.bin", SHA), tmp_path, lambda *step: None).read_bytes() == server.body


@pytest.mark.parametrize("checksum", ["sha256:" + "0" * 64, "md5:" + "0" * 32])
def test_a_wrong_checksum_leaves_nothing(server, tmp_path, checksum):
    with pytest.raises(DatasetError, match="not the file expected"):
        fetch(Download(server.url, "file.bin", checksum), tmp_path, lambda *step: None)
    assert list(tmp_path.iterdir()) == []


def test_without_network_one_sentence_says_what_to_do(monkeypatch, capsys, tmp_path):
    entry = replace(ENTRIES["mnist"], download=Download("http://127.0.0.1:9/mnist.npz", "mnist.npz"))
    monkeypatch.setitem(ENTRIES, "mnist", entry)
    assert main(["data", "get", "mnist"]) == 1
    error = capsys.readouterr().err
    assert "go online and try again" in error
    assert f"put it into {tmp_path / 'data' / 'mnist'}" in error
    assert not (tmp_path / "data" / "mnist" / "mnist.npz").exists()


def test_get_makes_a_set_loadable_and_does_not_fetch_twice(server, monkeypatch, tmp_path, capsys):
    np.savez(tmp_path / "m.npz", x_train=np.zeros((4, 28, 28), np.uint8), y_train=[0, 1, 2, 3])
    server.body = (tmp_path / "m.npz").read_bytes()
    monkeypatch.setitem(ENTRIES, "mnist", replace(ENTRIES["mnist"], download=Download(server.url, "mnist.npz")))
    assert main(["data", "get", "mnist"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "data" / "mnist" / "mnist.npz")
    assert len(load("mnist")) == 4
    assert main(["data", "get", "mnist"]) == 0
    assert len(server.requests) == 1


def emnist_zip(path):
    """NIST's archive in small: two of the six parts."""
    with zipfile.ZipFile(path, "w") as file:
        for part in ("emnist-digits", "emnist-letters"):
            for split in ("train", "test"):
                for kind, array in (("images-idx3", np.zeros((2, 28, 28))), ("labels-idx1", np.array([1, 2]))):
                    name = f"{part}-{split}-{kind}-ubyte.gz"
                    write_idx(path.parent / name, array.astype(np.uint8))
                    file.write(path.parent / name, f"gzip/{name}")
    return path


def test_emnists_archive_brings_all_its_parts(server, monkeypatch, tmp_path):
    server.body = emnist_zip(tmp_path / "source.zip").read_bytes()
    download = Download(server.url, "gzip.zip")
    for name in ("emnist-digits", "emnist-letters"):
        monkeypatch.setitem(ENTRIES, name, replace(ENTRIES[name], download=download))
    assert len(get("emnist-letters")) == 2
    assert load("emnist-letters", "test").labels.tolist() == [0, 1]
    assert load("emnist-digits", "train").labels.tolist() == [1, 2]
    assert not list((tmp_path / "data").rglob("*.zip"))


def test_a_csv_at_hand_is_taken_instead_of_kaggles(letters, tmp_path, capsys):
    letters.write_text("\n".join(f"{i % 26}," + ",".join(["0"] * 9) for i in range(60)) + "\n")
    assert main(["data", "get", "az", "--file", str(letters)]) == 0
    assert load("az").counts["A"] == 3


def test_without_kagglehub_one_sentence_says_how_to_go_on(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    assert main(["data", "get", "az"]) == 1
    error = capsys.readouterr().err
    assert "pip install kagglehub" in error
    assert "--file" in error


def test_kagglehub_is_asked_for_the_right_set(monkeypatch, tmp_path):
    asked = []

    def dataset_download(handle):
        asked.append(handle)
        (tmp_path / "kaggle").mkdir()
        (tmp_path / "kaggle" / "A_Z Handwritten Data.csv").write_text(("0," + ",".join(["0"] * 9) + "\n") * 5)
        return str(tmp_path / "kaggle")

    monkeypatch.setitem(sys.modules, "kagglehub", types.SimpleNamespace(dataset_download=dataset_download))
    get("az")
    assert asked == ["sachinpatel21/az-handwritten-alphabets-in-csv-format"]
    assert len(load("az")) == 5


def test_a_label_does_not_steer_the_terminal(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HCR_IMPORTED_DIR", str(tmp_path / "imported"))
    (tmp_path / "a.csv").write_text("\x1b[31mred,1,2,3,4\nb,1,2,3,4\n" * 3)
    assert main(["data", "import", str(tmp_path / "a.csv"), "--name", "nasty"]) == 0
    assert main(["data", "info", "nasty"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("\\x1b[31mred:3 b:3") == 2
    assert "\x1b" not in shown
