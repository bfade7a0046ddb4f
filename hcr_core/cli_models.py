"""The commands ``python -m hcr_core models list | show | delete | index | export``."""

import argparse
import json
import sys
from pathlib import Path

from hcr_core.model_card import best_accuracy, measured, parameters
from hcr_core.model_export import FORMS, export_model
from hcr_core.model_store import (
    DamagedModel,
    ModelError,
    StoredModel,
    add_file,
    delete_model,
    open_model,
    stored_models,
)
from hcr_core.nearest import INDEX, index_of
from hcr_core.terminal import say

_FIGURES = ("accuracy", "top2", "folded", "shape")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give the ``models`` command its own commands."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    listing = actions.add_parser("list", help="the models there are, shipped and your own")
    listing.add_argument("--json", action="store_true", help="as one JSON list")
    listing.set_defaults(action=_list)

    showing = actions.add_parser("show", help="how a model was made and how good it is")
    showing.add_argument("name", help="a model: `models list` names them")
    showing.add_argument("--json", action="store_true", help="its card as a JSON object")
    showing.set_defaults(action=_show)

    deleting = actions.add_parser("delete", help="delete one of your own models")
    deleting.add_argument("name", help="a model of your own")
    deleting.set_defaults(action=_delete)

    indexing = actions.add_parser("index", help="make the file by which a model finds its nearest real examples")
    indexing.add_argument("name", help="a model: `models list` names them")
    indexing.set_defaults(action=_index)

    exporting = actions.add_parser("export", help="write a model for other programs")
    exporting.add_argument("name", help="a model: `models list` names them")
    exporting.add_argument("--format", choices=FORMS, required=True, help="what to write")
    exporting.add_argument("--force", action="store_true", help="replace OUT if it is there")
    exporting.add_argument("out", type=Path, metavar="OUT", help="the file, or for saved-model folder, to make")
    exporting.set_defaults(action=_export)


def run(options: argparse.Namespace) -> int:
    """Run a ``models`` command; returns the exit status, raises ``ModelError``."""
    options.action(options)
    return 0


def _list(options: argparse.Namespace) -> None:
    whole, damaged = stored_models()
    if options.json:
        rows = [summary(model) for model in whole]
        rows += [{"name": model.name, "where": _where(model), "error": model.error} for model in damaged]
        print(json.dumps(rows, ensure_ascii=False))
        return
    for model in whole:
        say(_line(summary(model)))
    for model in damaged:
        print(f"hcr_core: {model.error}", file=sys.stderr)


def summary(model: StoredModel) -> dict:
    """A model in figures, as ``models list --json`` prints them; those its card does not give are ``None``."""
    measured_on, accuracy = best_accuracy(model.card) or (None, None)
    return {
        "name": model.name,
        "classes": len(model.alphabet),
        "parameters": parameters(model.card),
        "accuracy": accuracy,
        "measured_on": measured_on,
        "where": _where(model),
        "hidden": model.hidden,
        "bytes": model.size,
        "network_bytes": model.network_size,
    }


def _where(model: StoredModel | DamagedModel) -> str:
    return "shipped" if model.shipped else "own"


def _line(row: dict) -> str:
    weights = "?" if row["parameters"] is None else f"{row['parameters']:,}"
    accuracy = "not measured" if row["accuracy"] is None else f"{row['accuracy']:.2%} {row['measured_on']}"
    hidden = "  (not used: a shipped one has this name)" if row["hidden"] else ""
    return (
        f"{row['name']:<16} {row['classes']:>5} classes {weights:>11} parameters  {accuracy:<20} "
        f"{row['where']:<7} {_megabytes(row['network_bytes']):>9}{hidden}"
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.2f} MB"


def _show(options: argparse.Namespace) -> None:
    model = open_model(options.name)
    model.verify()
    if options.json:
        where = {"where": _where(model), "folder": str(model.folder), "bytes": model.size}
        print(json.dumps(model.card | where, ensure_ascii=False))
        return
    card, architecture = model.card, model.card.get("architecture", {})
    say(f"name        {model.name}")
    say(f"where       {_where(model)}, {model.folder}")
    say(f"size        {_megabytes(model.network_size)} to read with, {_megabytes(model.size)} with all its files")
    say(f"classes     {len(model.alphabet)}: {' '.join(model.alphabet)}")
    say(f"network     {architecture.get('name', '?')}: {architecture.get('title', 'not described')}")
    say(f"from        {architecture.get('source', '?')}")
    say(f"parameters  {'?' if parameters(card) is None else f'{parameters(card):,}'}")
    for entry in card.get("data", []):
        say(f"trained on  {entry.get('name', '?')}: {entry.get('title', '')}")
        say(f"            {entry.get('licence', '')}")
    say(f"training    {_plain(card.get('training', {}))}")
    _print_figures(measured(card))
    for filename, checksum in card["files"].items():
        say(f"file        {filename}, SHA-256 {checksum}")


def _plain(value: object) -> str:
    """A value of the card as text: ``epochs 13, batch 256, augmentation (rotation 14, ...)``."""
    if isinstance(value, dict):
        pairs = ((key, f"({_plain(v)})" if isinstance(v, dict) else _plain(v)) for key, v in value.items())
        return ", ".join(f"{key} {text}" for key, text in pairs)
    return " ".join(map(_plain, value)) if isinstance(value, list) else str(value)


def _print_figures(figures: dict[str, dict[str, float]]) -> None:
    if not figures:
        return
    say(f"{'measured on':<16} {'images':>8} " + " ".join(f"{name:>8}" for name in _FIGURES))
    for name, values in figures.items():
        shares = " ".join(f"{values[key]:>8.2%}" if key in values else f"{'-':>8}" for key in _FIGURES)
        say(f"{name:<16} {values.get('images', 0):>8,} {shares}")


def _delete(options: argparse.Namespace) -> None:
    delete_model(options.name)
    say(f"{options.name} was deleted")


def _index(options: argparse.Namespace) -> None:
    model = open_model(options.name)
    try:
        made = index_of(model)
    except ValueError as error:
        raise ModelError(f"model {model.name}: {error}") from None
    add_file(model, INDEX, made)
    say(f"{model.folder / INDEX}: {len(made) / 1e6:.2f} MB")


def _export(options: argparse.Namespace) -> None:
    print(export_model(open_model(options.name), options.format, options.out, replace=options.force))
