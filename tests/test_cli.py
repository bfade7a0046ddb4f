import argparse
import io
import json
import os
import subprocess
import sys
import time
import types

import cv2
import numpy as np
import pytest
from conftest import ROOT, sheet
from drawn_pages import page

from hcr_core import cli
from hcr_core.cli import main


@pytest.fixture
def letters(tmp_path):
    folder = tmp_path / "letters"
    (folder / "more").mkdir(parents=True)
    cv2.imwrite(str(folder / "a.png"), sheet("A"))
    cv2.imwrite(str(folder / "more" / "b.jpg"), sheet("K"))
    (folder / "notes.txt").write_text("not an image, and not named as one")
    return folder


def test_a_file_gives_a_line(letters, capsys):
    assert main(["read", str(letters / "a.png")]) == 0
    name, text, probability = capsys.readouterr().out.rstrip("\n").split("\t")
    assert (name, text) == (str(letters / "a.png"), "A")
    assert 0.5 < float(probability) <= 1


def test_a_folder_gives_a_line_for_each_image_below_it(letters, capsys):
    assert main(["read", str(letters)]) == 0
    lines = [line.split("\t")[:2] for line in capsys.readouterr().out.splitlines()]
    assert lines == [[str(letters / "a.png"), "A"], [str(letters / "more" / "b.jpg"), lines[1][1]]]
    assert lines[1][1] in "Kk"


def test_json_has_everything(letters, capsys):
    assert main(["read", "--json", "--alphabet", "uppercase", str(letters / "a.png")]) == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"image", "text", "model", "characters"}
    assert (document["text"], document["model"]) == ("A", "characters")
    (character,) = document["characters"]
    assert set(character) == {"label", "probability", "box", "candidates"}
    assert len(character["candidates"]) == 26
    assert all(type(value) is int for value in character["box"])


def test_an_alphabet_restricts_the_answer(tmp_path, capsys):
    cv2.imwrite(str(tmp_path / "o.png"), sheet("O"))
    for alphabet, answers in (("digits", "0"), ("uppercase", "O"), ("lowercase", "o")):
        assert main(["read", "--alphabet", alphabet, str(tmp_path / "o.png")]) == 0
        assert capsys.readouterr().out.split("\t")[1] in answers


def test_a_bad_file_is_named_and_the_others_go_on(letters, capsys):
    (letters / "0.png").write_text("text")
    paths = [str(letters / "0.png"), str(letters / "gone.png"), str(letters / "a.png")]
    assert main(["read", *paths]) == 1
    output = capsys.readouterr()
    assert output.out.split("\t")[1] == "A"
    errors = output.err.splitlines()
    assert errors[0].startswith(f"{paths[0]}: This is not an image")
    assert errors[1].startswith(f"{paths[1]}: The file cannot be opened")


def test_a_bad_file_in_json_is_an_object_with_an_error(letters, capsys):
    (letters / "0.png").write_text("text")
    assert main(["read", "--json", str(letters)]) == 1
    first, *others = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {"image": str(letters / "0.png"), "error": first["error"]}
    assert others[0]["text"] == "A"


def test_a_folder_without_images_is_named(letters, capsys):
    (letters / "empty").mkdir()
    assert main(["read", str(letters / "empty"), str(letters / "a.png")]) == 1
    output = capsys.readouterr()
    assert output.out.split("\t")[1] == "A"
    assert output.err.startswith(f"{letters / 'empty'}: There is no image in this folder (PNG, JPEG")


def test_photos_of_telephones_in_a_folder_are_not_passed_over(letters, capsys):
    (letters / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    assert main(["read", str(letters)]) == 1
    output = capsys.readouterr()
    assert output.out.count("\n") == 2
    assert output.err == f"{letters / 'IMG_1.HEIC'}: This is a HEIC photo, which is not read: save it as JPEG or PNG.\n"


def test_standard_input_is_read_where_a_file_is_called_so(letters, monkeypatch, capsys):
    piped = types.SimpleNamespace(buffer=io.BytesIO((letters / "a.png").read_bytes()))
    monkeypatch.setattr("sys.stdin", piped)
    assert main(["read", "-"]) == 0
    assert capsys.readouterr().out.startswith("-\tA\t")


def test_in_a_common_log_complaints_stand_in_order(letters):
    (letters / "b.png").write_text("text")
    done = subprocess.run(
        [sys.executable, "-m", "hcr_core", "read", str(letters)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )
    names = [os.path.basename(line.replace(": ", "\t").split("\t")[0]) for line in done.stdout.splitlines()]
    assert names == ["a.png", "b.png", "b.jpg"]


def test_a_blank_sheet_reads_as_nothing(tmp_path, capsys):
    cv2.imwrite(str(tmp_path / "blank.png"), sheet("A") * 0 + 255)
    assert main(["read", str(tmp_path / "blank.png")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'blank.png'}\t\t0.0000\n"


def test_more_than_one_character_is_said_on_standard_error(written, capsys):
    assert main(["read", str(written)]) == 0
    output = capsys.readouterr()
    assert output.out.count("\n") == 1
    assert output.err == (f"{written}: there seems to be more than one character: --layout auto reads all of them\n")
    assert main(["read", "--json", str(written)]) == 0
    assert json.loads(capsys.readouterr().out)["several"] is True
    for arguments in (["--layout", "page"], ["--layout", "page", "--json"]):
        assert main(["read", *arguments, str(written)]) == 0
        output = capsys.readouterr()
        assert (output.err, "several" in output.out) == ("", False)


def test_a_page_that_was_not_read_well_is_said_so(written, capsys, monkeypatch):
    monkeypatch.setattr("hcr_core.cli_read.verdict", lambda reading: f"Of {len(reading.characters)} none is sure.")
    assert main(["read", "--layout", "page", str(written)]) == 0
    output = capsys.readouterr()
    assert output.err.startswith(f"{written}: Of ")
    assert main(["read", "--layout", "page", "--json", str(written)]) == 0
    assert json.loads(capsys.readouterr().out)["doubts"] == output.err.strip().removeprefix(f"{written}: ")


def test_what_is_probably_no_character_is_said_on_standard_error(tmp_path, capsys):
    scribble = np.full((200, 200), 255, np.uint8)
    path = np.random.default_rng(0).integers(30, 170, (40, 1, 2)).astype(np.int32)
    cv2.imwrite(str(tmp_path / "scribble.png"), cv2.polylines(scribble, [path], False, 0, 3))
    assert main(["read", str(tmp_path / "scribble.png")]) == 0
    output = capsys.readouterr()
    assert output.out.count("\n") == 1
    assert output.err == f"{tmp_path / 'scribble.png'}: probably not a character\n"


def test_nothing_is_said_of_a_character(letters, capsys):
    assert main(["read", str(letters)]) == 0
    assert capsys.readouterr().err == ""


def test_a_language_with_one_character_is_a_wrong_call(letters, capsys):
    assert main(["read", "--language", "en", str(letters)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("hcr_core: --language is for words")


def test_an_unknown_model_is_one_sentence(capsys):
    assert main(["read", "--model", "nothing", "x.png"]) == 1
    assert capsys.readouterr().err.startswith("hcr_core: there is no model 'nothing'")


def test_the_help_says_what_may_be_read(capsys):
    with pytest.raises(SystemExit):
        main(["read", "--help"])
    assert "or a folder: all images in it and below" in " ".join(capsys.readouterr().out.split())


def _leaves(parser):
    """The parsers of all commands that do something."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return [leaf for action in below for child in action.choices.values() for leaf in _leaves(child)] or [parser]


def test_the_help_says_of_every_argument_what_it_is():
    commands = _leaves(cli._parser())
    assert len(commands) == 14
    assert [
        f"{command.prog} {action.dest}" for command in commands for action in command._actions if not action.help
    ] == []


def test_a_wrong_call_exits_with_two():
    with pytest.raises(SystemExit) as caught:
        main(["read", "--alphabet", "vowels", "x.png"])
    assert caught.value.code == 2


@pytest.mark.parametrize("command", [["read", "x.png"], ["data", "list"], ["models", "list"], ["train", "--name", "x"]])
def test_an_unknown_option_is_told_with_the_commands_own_usage(command, capsys):
    with pytest.raises(SystemExit) as caught:
        main([*command, "--layot", "page"])
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"usage: python -m hcr_core {' '.join(command[: 2 if command[1] == 'list' else 1])} [-h]")
    assert "unrecognized arguments: --layot" in said


def test_three_thousand_small_images_take_under_15_seconds(tmp_path):
    for i in range(3000):
        cv2.imwrite(str(tmp_path / f"{i:04}.png"), sheet("ABCDEFGH"[i % 8], side=60, size=40, at=(8, 9), pen=4))
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "hcr_core", "read", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    seconds = time.monotonic() - started
    assert len(done.stdout.splitlines()) == 3000
    assert done.stderr == ""
    assert seconds < 15


def test_reading_imports_neither_tensorflow_nor_streamlit():
    code = (
        "import sys, hcr_core.cli; from hcr_core import Recognizer; Recognizer.load();"
        "print([name for name in ('tensorflow', 'keras', 'streamlit', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_reader_that_leaves_early_is_no_error(letters):
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    command = f"{sys.executable} -m hcr_core read {letters} {letters} {letters} | head -n 1"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    assert "Traceback" not in done.stderr


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "page.png"
    cv2.imwrite(str(path), page("Hot fox", "jumps"))
    return path


def test_a_page_is_one_line_of_output(written, capsys):
    assert main(["read", "--layout", "page", str(written)]) == 0
    _, text, probability = capsys.readouterr().out.rstrip("\n").split("\t")
    assert text.count(" / ") == 1
    assert 0 < float(probability) <= 1


def test_json_of_a_page_has_lines(written, capsys):
    assert main(["read", "--layout", "auto", "--json", str(written)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [len(line["words"]) for line in document["lines"]] == [2, 1]
    assert document["text"].count("\n") == 1


def test_boxes_and_steps_are_written_as_pictures(written, tmp_path, capsys):
    boxes, steps = tmp_path / "boxes", tmp_path / "new" / "steps"
    assert main(["read", "--layout", "page", "--annotate", str(boxes), "--debug", str(steps), str(written)]) == 0
    (annotated,) = boxes.iterdir()
    assert cv2.imread(str(annotated)).shape == cv2.imread(str(written)).shape
    names = ["original", "background", "ink", "rules", "lines", "boxes"]
    assert sorted(p.name for p in steps.iterdir()) == [f"00000-page-{i}-{name}.png" for i, name in enumerate(names)]


def test_pictures_of_files_of_one_name_do_not_replace_each_other(written, tmp_path, capsys):
    other = tmp_path / "other" / "page.png"
    other.parent.mkdir()
    other.write_bytes(written.read_bytes())
    assert main(["read", "--layout", "page", "--annotate", str(tmp_path / "out"), str(written), str(other)]) == 0
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_pictures_of_an_earlier_reading_are_not_read(letters, capsys):
    outputs = []
    for _ in range(2):
        assert main(["read", "--annotate", str(letters / "boxes"), str(letters)]) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]
    # Unless it is that folder which shall be read.
    assert main(["read", str(letters)]) == 0
    assert capsys.readouterr().out.count("\n") == 2 * outputs[0].count("\n")


def test_pictures_that_cannot_be_written_stop_no_other_file(letters, tmp_path, capsys):
    long = letters / f"{'b' * 250}.png"  # as long as names may be, and longer with a number before it
    long.write_bytes((letters / "a.png").read_bytes())
    assert main(["read", "--annotate", str(tmp_path / "out"), str(letters)]) == 1
    output = capsys.readouterr()
    assert output.out.count("\n") == 3
    assert output.err == f"{long}: its pictures cannot be written (File name too long)\n"
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["00000-a.png", "00002-b.png"]


@pytest.mark.parametrize("option", ["--annotate", "--debug"])
def test_a_file_named_for_the_pictures_folder_is_a_wrong_call(letters, capsys, option):
    assert main(["read", option, str(letters / "a.png"), str(letters / "more")]) == 2
    output = capsys.readouterr()
    assert (output.out, output.err) == (
        "",
        f"hcr_core: {letters / 'a.png'} is a file: name a folder to write pictures to\n",
    )
