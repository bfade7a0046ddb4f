"""The command line: ``python -m hcr_core read | data | evaluate | models | train ...``."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from hcr_core import cli_data, cli_evaluate, cli_models, cli_train
from hcr_core.alphabet import KINDS, AlphabetError
from hcr_core.datasets.errors import DatasetError
from hcr_core.imaging import SUFFIXES, ImageError, read_file
from hcr_core.model_store import ModelError
from hcr_core.terminal import quiet
from hcr_core.training.config import TrainingError


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except (ModelError, AlphabetError, DatasetError, TrainingError) as error:
        print(f"hcr_core: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of our output, such as ``head``, has gone
        sys.stderr.close()
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hcr_core", description="Handwritten character recognition.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    read = commands.add_parser("read", help="read the character on each image")
    read.add_argument("paths", nargs="+", type=Path, metavar="FILE-OR-FOLDER")
    read.add_argument("--model", default="characters", help="a model of the store (default: %(default)s)")
    read.add_argument("--alphabet", choices=KINDS, default="all", help="classes to choose from")
    read.add_argument("--layout", choices=("character",), default="character", help="what is on the image")
    read.add_argument("--json", action="store_true", help="one JSON object a line")
    read.set_defaults(command=_read)

    data = commands.add_parser("data", help="list, look at, download, import and export data sets")
    cli_data.add_arguments(data)
    data.set_defaults(command=cli_data.run)

    evaluate = commands.add_parser("evaluate", help="measure a model on a data set")
    cli_evaluate.add_arguments(evaluate)
    evaluate.set_defaults(command=cli_evaluate.run)

    models = commands.add_parser("models", help="list, look at, delete and export models")
    cli_models.add_arguments(models)
    models.set_defaults(command=cli_models.run)

    train = commands.add_parser("train", help="train a model and put it into the store")
    cli_train.add_arguments(train)
    train.set_defaults(command=cli_train.run)
    return parser


def _read(options: argparse.Namespace) -> int:
    from hcr_core.recognition import Recognizer

    with quiet():
        recognizer = Recognizer.load(options.model)
    status = 0
    for path in _images(options.paths):
        try:
            reading = recognizer.read(read_file(path), options.layout, options.alphabet)
        except ImageError as error:
            status = 1
            if options.json:
                print(json.dumps({"image": str(path), "error": str(error)}))
            else:
                print(f"{path}: {error}", file=sys.stderr)
            continue
        if options.json:
            print(json.dumps({"image": str(path)} | reading.to_dict()))
        else:
            probability = reading.characters[0].probability if reading.characters else 0.0
            print(f"{path}\t{reading.text}\t{probability:.4f}")
    return status


def _images(paths: list[Path]) -> Iterator[Path]:
    """The files named, and of folders all images below them in order of name."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        else:
            yield path
