"""The command line: ``python -m hcr_core read | data | evaluate | models | train ...``."""

import argparse
import io
import sys
from pathlib import Path

from hcr_core import cli_data, cli_evaluate, cli_models, cli_read, cli_train
from hcr_core.alphabet import KINDS, AlphabetError
from hcr_core.datasets.errors import DatasetError
from hcr_core.model_store import ModelError
from hcr_core.sentences import one_line
from hcr_core.training.config import TrainingError


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    options = _parser().parse_args(arguments)
    # Names of files need not be text that this terminal can show. Line by line also into a pipe or a file: whoever
    # reads on gets each answer at once, and in a common log each complaint stands beside its file.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace", line_buffering=True)
    try:
        return options.command(options)
    except (ModelError, AlphabetError, DatasetError, TrainingError) as error:
        print(f"hcr_core: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output, such as ``head``, has gone
        sys.stderr.close()
        return 1
    except OSError as error:  # a full disk, a folder that may not be written, a name too long for the system
        where = f"{one_line(str(error.filename))}: " if error.filename else ""
        print(f"hcr_core: {where}{error.strerror or error}", file=sys.stderr)
        return 1


class _Parser(argparse.ArgumentParser):
    """A parser whose commands refuse an unknown option themselves, so that the usage shown is theirs."""

    def parse_known_args(self, *arguments, **named) -> tuple[argparse.Namespace, list[str]]:
        options, unknown = super().parse_known_args(*arguments, **named)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return options, unknown


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m hcr_core", description="Handwritten character recognition.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    read = commands.add_parser(
        "read",
        help="read what is written on each image",
        description="Read what is written on each image. A line of output has the file, the text and the probability "
        "of its least certain character, with tabs between them. The exit status is 1 where a file could not be read.",
    )
    read.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="FILE-OR-FOLDER",
        help="an image (PNG, JPEG, GIF, BMP, TIFF, WebP; - is standard input), or a folder: all images in it and below",
    )
    read.add_argument("--model", default="characters", help="a model of the store (default: %(default)s)")
    read.add_argument("--alphabet", choices=KINDS, default="all", help="classes to choose from")
    read.add_argument("--json", action="store_true", help="one JSON object a line")
    cli_read.add_arguments(read)
    read.set_defaults(command=cli_read.run)

    data = commands.add_parser("data", help="list, look at, download, import and export data sets")
    cli_data.add_arguments(data)
    data.set_defaults(command=cli_data.run)

    evaluate = commands.add_parser(
        "evaluate",
        help="measure a model on a data set",
        description="Measure a model on a data set: its accuracy, and of every class precision, recall, F1 and what it "
        "was mistaken for.",
    )
    cli_evaluate.add_arguments(evaluate)
    evaluate.set_defaults(command=cli_evaluate.run)

    models = commands.add_parser("models", help="list, look at, delete and export models")
    cli_models.add_arguments(models)
    models.set_defaults(command=cli_models.run)

    train = commands.add_parser(
        "train",
        help="train a model and put it into the store",
        description="Train a model and put it into the store, where read, evaluate and the app find it by its name. "
        "Ctrl-C stops a run so that --resume can go on with it. The exit status is 0 where a model was saved.",
    )
    cli_train.add_arguments(train)
    train.set_defaults(command=cli_train.run)
    return parser
