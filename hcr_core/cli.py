"""The command line: ``python -m hcr_core read | data | train ...``."""

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from hcr_core import cli_data
from hcr_core.alphabet import KINDS, AlphabetError
from hcr_core.datasets.errors import DatasetError
from hcr_core.imaging import SUFFIXES, ImageError, read_file
from hcr_core.model_store import ModelError, check_name, user_store


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except (ModelError, AlphabetError, DatasetError) as error:
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

    train = commands.add_parser("train", help="train a model and put it into the store")
    train.add_argument(
        "--data", default="emnist62,unipen", help="data sets, your own too, joined by commas (default: %(default)s)"
    )
    train.add_argument("--architecture", default="compact")
    train.add_argument("--name", required=True, help="the model's name")
    train.add_argument("--epochs", type=int, default=13)
    train.add_argument("--batch", type=int, default=256)
    train.add_argument("--learning-rate", type=float, default=2e-3)
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--limit", type=int, default=0, help="at most so many samples of each data set")
    train.add_argument("--precision", choices=("float32", "mixed_bfloat16"), default="float32")
    train.add_argument("--store", type=Path, help="folder of models to save to (default: your own)")
    train.add_argument("--run-folder", type=Path, help="where the run keeps its log and weights")
    train.set_defaults(command=_train)
    return parser


def _read(options: argparse.Namespace) -> int:
    from hcr_core.recognition import Recognizer

    with _quiet():
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


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep LiteRT's greeting, which it writes to the file descriptor itself, off standard error."""
    sys.stderr.flush()
    with open(os.devnull, "w") as nowhere:
        saved = os.dup(2)
        try:
            os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def _images(paths: list[Path]) -> Iterator[Path]:
    """The files named, and of folders all images below them in order of name."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        else:
            yield path


def _train(options: argparse.Namespace) -> int:
    from hcr_core.datasets import load

    check_name(options.name)
    names = tuple(options.data.split(","))
    for name in names:
        load(name, "train")
    # Imported only now: TensorFlow takes seconds and talks on standard error.
    from hcr_core.training.architectures import ARCHITECTURES
    from hcr_core.training.worker import TrainingConfig, run

    if options.architecture not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        print(f"hcr_core: unknown architecture {options.architecture!r}: choose one of {known}", file=sys.stderr)
        return 1
    config = TrainingConfig(
        name=options.name,
        data=names,
        architecture=options.architecture,
        epochs=options.epochs,
        batch=options.batch,
        learning_rate=options.learning_rate,
        seed=options.seed,
        precision=options.precision,
        limit=options.limit,
    )
    store = options.store or user_store()
    folder = options.run_folder or store.parent / "runs" / f"{config.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    end = run(config, store, folder, report=_show)
    print(json.dumps(end["card"]["held_out"], indent=2))
    return 0


def _show(event: dict) -> None:
    if event["event"] == "epoch":
        print(
            "epoch {epoch}/{of}: {seconds} s, accuracy {accuracy}, validation {val_accuracy}".format(**event),
            flush=True,
        )
