"""``python -m hcr_core read``: images to text, one after the other, in the memory of one."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hcr_core.annotation import annotated
from hcr_core.imaging import MAX_BYTES, SUFFIXES, ImageError, decode, encoded, flatten, read_file
from hcr_core.sentences import one_line
from hcr_core.several import has_several
from hcr_core.terminal import ProgressBar, quiet
from hcr_core.verdict import verdict
from hcr_core.word_list import LANGUAGES

if TYPE_CHECKING:
    from hcr_core.recognition import Reading

_LAYOUTS = ("auto", "character", "word", "line", "page")
#: What standard input is called among the files, as elsewhere on the command line.
_STANDARD_INPUT = Path("-")
#: What telephones call photos that are not read: refused by name, since a folder of them would seem to be empty.
_UNREAD_PHOTOS = frozenset({".heic", ".heif"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that say what is on the images and what else to write."""
    parser.add_argument(
        "--layout", choices=_LAYOUTS, default="character", help="what is on the image (default: %(default)s)"
    )
    parser.add_argument(
        "--language",
        choices=LANGUAGES,
        help="prefer words of this language that look nearly as good, not for names and codes; not with the layout "
        "character (default: none)",
    )
    parser.add_argument("--annotate", type=Path, metavar="DIR", help="write each image with boxes and labels there")
    parser.add_argument(
        "--debug",
        type=Path,
        metavar="DIR",
        help="write the steps there: original, background, ink, rules, lines, boxes",
    )


def run(options: argparse.Namespace) -> int:
    """Read the files and folders named; 1 where one could not be read."""
    from hcr_core.page_reading import Steps
    from hcr_core.recognition import Recognizer

    if options.language and options.layout == "character":
        print("hcr_core: --language is for words: name a --layout too (word, line, page or auto)", file=sys.stderr)
        return 2
    folders = list(filter(None, (options.annotate, options.debug)))
    for path in folders:
        if path.is_file():
            print(f"hcr_core: {one_line(str(path))} is a file: name a folder to write pictures to", file=sys.stderr)
            return 2
    with quiet():
        recognizer = Recognizer.load(options.model)
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    status, total = 0, _count(options.paths, folders)
    with ProgressBar() as bar:
        for done, path in enumerate(_images(options.paths, folders)):
            steps = Steps(wanted=options.debug is not None)
            try:
                image = _image(path)
                reading = recognizer.read(image, options.layout, options.alphabet, steps, options.language)
            except ImageError as error:
                status = 1
                _refuse(path, error, options.json)
                continue
            _print(path, image, reading, options)
            try:
                _write(path, done, flatten(image), reading, steps, options)
            except OSError as error:  # a name that is too long once it has a number before it
                status = 1
                reason = error.strerror or error
                print(f"{one_line(str(path))}: its pictures cannot be written ({reason})", file=sys.stderr)
            if total > 1:
                bar.share((done + 1) / total)
    return status


def _refuse(path: Path, error: ImageError, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"image": str(path), "error": str(error)}))
    else:
        print(f"{one_line(str(path))}: {error}", file=sys.stderr)


def _print(path: Path, image: np.ndarray, reading: "Reading", options: argparse.Namespace) -> None:
    single = options.layout == "character"
    several, doubts = single and has_several(image, reading), None if single else verdict(reading)
    if options.json:
        lines = {} if single else {"lines": reading.lines_to_dict()["lines"]}
        notes = ({"several": True} if several else {}) | ({"doubts": doubts} if doubts else {})
        print(json.dumps({"image": str(path)} | reading.to_dict() | lines | notes))
        return
    # A file is one line of output: its lines are set apart as in a poem.
    text = reading.text.replace("\n", " / ")
    probability = min((character.probability for character in reading.characters), default=0.0)
    print(f"{one_line(str(path))}\t{one_line(text, len(text))}\t{probability:.4f}")
    if several:
        note = "there seems to be more than one character: --layout auto reads all of them"
    elif doubts:
        note = doubts
    elif any(character.refused for character in reading.characters):
        note = "probably not a character"
    else:
        return
    print(f"{one_line(str(path))}: {note}", file=sys.stderr)


def _write(path: Path, number: int, image: np.ndarray, reading: "Reading", steps, options: argparse.Namespace) -> None:
    """The pictures asked for; files of one name in two folders get different ones."""
    if not (options.annotate or options.debug):
        return
    boxes = annotated(image, reading)
    steps.add("boxes", boxes)
    if options.annotate:
        (options.annotate / f"{number:05d}-{path.stem}.png").write_bytes(encoded(boxes))
    if options.debug:
        for step, (name, picture) in enumerate(steps.images.items()):
            (options.debug / f"{number:05d}-{path.stem}-{step}-{name}.png").write_bytes(encoded(picture))


def _image(path: Path) -> np.ndarray:
    """The pixels of a file or of standard input, as ``imaging.decode`` gives them; raises ``ImageError``."""
    if path == _STANDARD_INPUT:
        return decode(sys.stdin.buffer.read(MAX_BYTES + 1))
    if os.path.isdir(path):
        raise ImageError("There is no image in this folder (PNG, JPEG, GIF, BMP, TIFF or WebP).")
    return read_file(path)


def _images(paths: list[Path], written: list[Path]) -> Iterator[Path]:
    """The files named, and of folders all images below them in order of name, but for those in folders there that are
    written to, which an earlier reading left; a folder without any itself."""
    wanted, written = SUFFIXES | _UNREAD_PHOTOS, [folder.resolve() for folder in written]
    for path in paths:
        if not os.path.isdir(path):  # unlike ``Path.is_dir``, also of a name too long for the system
            yield path
            continue
        own = [folder for folder in written if path.resolve() in folder.parents]
        found = sorted(file for file in path.rglob("*") if file.suffix.lower() in wanted and file.is_file())
        yield from [file for file in found if not any(map(file.resolve().is_relative_to, own))] or [path]


def _count(paths: list[Path], written: list[Path]) -> int:
    return sum(1 for _ in _images(paths, written)) if sys.stderr.isatty() else 0
