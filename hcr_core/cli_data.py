"""The commands ``python -m hcr_core data list | info | get | import | export | remove``."""

import argparse
import json
from pathlib import Path

from hcr_core.datasets import ENTRIES, Dataset, available, import_dataset, load, remove
from hcr_core.datasets.download import get
from hcr_core.datasets.export import FORMS, export
from hcr_core.datasets.readers import POLARITIES
from hcr_core.datasets.registry import imported
from hcr_core.datasets.store import RULES
from hcr_core.terminal import ProgressBar, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give the ``data`` command its own commands."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    listing = actions.add_parser("list", help="what there is, and what is on this machine")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")
    listing.set_defaults(action=_list)

    info = actions.add_parser("info", help="counts, licence and source of a data set")
    info.add_argument("name", help="a data set: `data list` names them")
    info.add_argument("--json", action="store_true", help="as a JSON object")
    info.set_defaults(action=_info)

    getting = actions.add_parser("get", help="download a data set")
    getting.add_argument("name", help="a data set: `data list` names them")
    getting.add_argument("--file", type=Path, help="a copy that you have, instead of downloading")
    getting.set_defaults(action=_get)

    importing = actions.add_parser("import", help="make a data set of a CSV, npz, idx, ZIP or folder")
    importing.add_argument(
        "path",
        type=Path,
        metavar="FILE-OR-FOLDER",
        help="a CSV with a label and the pixels of a square image a row, npz, idx, or a ZIP or folder with a "
        "sub-folder a class or a labels.csv",
    )
    importing.add_argument("--name", required=True, help="what to call it; one of that name is replaced")
    importing.add_argument("--label-column", metavar="first|last|NAME", help="of a CSV (default: found out)")
    importing.add_argument(
        "--polarity", choices=POLARITIES, default="auto", help="ink on paper (default: by the images' borders)"
    )
    importing.add_argument("--split", choices=RULES, help="how to hold back test images, where the source does not")
    importing.add_argument("--dry-run", action="store_true", help="check everything, keep nothing")
    importing.set_defaults(action=_import)

    exporting = actions.add_parser("export", help="write a data set to files")
    exporting.add_argument("name", help="a data set: `data list` names them")
    exporting.add_argument("--format", choices=tuple(FORMS), required=True, help="what to write")
    exporting.add_argument("out", type=Path, metavar="OUT", help="the file or folder to make")
    exporting.set_defaults(action=_export)

    removing = actions.add_parser("remove", help="delete a data set that you imported")
    removing.add_argument("name", help="a data set that you imported")
    removing.set_defaults(action=_remove)


def run(options: argparse.Namespace) -> int:
    """Run a ``data`` command; returns the exit status, raises ``DatasetError``."""
    options.action(options)
    return 0


def _list(options: argparse.Namespace) -> None:
    here, own = available(), imported()
    for name in [*ENTRIES, *(name for name in here if name not in ENTRIES)]:
        entry = ENTRIES.get(name)
        title = entry.title if entry else "imported" if name in own else "written and corrected on this machine"
        if options.json:
            print(json.dumps({"name": name, "available": name in here, "title": title}, ensure_ascii=False))
        else:
            say(f"{name:<16} {'here' if name in here else '-':<5} {title}")


def _info(options: argparse.Namespace) -> None:
    with ProgressBar() as bar:
        dataset = load(options.name, progress=bar.share)
    if options.json:
        print(json.dumps(summary(dataset), ensure_ascii=False))
        return
    _print(dataset)
    entry = ENTRIES.get(options.name)
    if entry is not None:
        say(f"what        {entry.title}")
        say(f"to cite     {entry.cite}")
        if entry.homepage:
            say(f"described   {entry.homepage}")
        if entry.download is not None:
            say(f"checksum    {entry.download.checksum or 'not pinned'}")


def summary(dataset: Dataset) -> dict:
    """A data set in figures, as ``data info --json`` prints them; ``classes`` is their number."""
    images, height, width = map(int, dataset.images.shape)
    return {
        "name": dataset.name,
        "images": images,
        "height": height,
        "width": width,
        "classes": len(dataset.alphabet),
        "counts": dataset.counts,
        "splits": dataset.splits,
        "source": dataset.source,
        "licence": dataset.licence,
    }


def _print(dataset: Dataset) -> None:
    facts = summary(dataset)
    counts = " ".join(f"{label}:{count:,}" for label, count in facts["counts"].items())
    say(f"name        {facts['name']}")
    say(f"images      {facts['images']:,} of {facts['height']} x {facts['width']}")
    say(f"classes     {facts['classes']}")
    say(f"counts      {counts}")
    say(f"splits      {' '.join(f'{split}:{count:,}' for split, count in facts['splits'].items())}")
    say(f"source      {facts['source']}")
    say(f"licence     {facts['licence']}")
    for note in dataset.notes:
        say(f"note        {note}")


def _get(options: argparse.Namespace) -> None:
    with ProgressBar() as bar:
        paths = get(options.name, bar.bytes, options.file)
    print("\n".join(map(str, paths)) or f"{options.name} is part of the program")


def _import(options: argparse.Namespace) -> None:
    with ProgressBar() as bar:
        dataset = import_dataset(
            options.path,
            options.name,
            options.label_column,
            bar.share,
            polarity=options.polarity,
            split=options.split,
            dry_run=options.dry_run,
        )
    _print(dataset)
    if options.dry_run:
        print("a dry run: nothing was kept")


def _export(options: argparse.Namespace) -> None:
    with ProgressBar() as bar:
        dataset = load(options.name, progress=bar.share)
    print(export(dataset, options.format, options.out))


def _remove(options: argparse.Namespace) -> None:
    remove(options.name)
    say(f"{options.name} was removed")
