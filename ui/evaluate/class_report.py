"""Class by class: precision, recall and F1, and the table that the NIST document prints."""

import pandas as pd
import streamlit as st

from hcr_core.evaluation import ClassFigures
from hcr_core.evaluation_results import Evaluation
from hcr_core.published_results import PUBLISHED_LETTERS
from ui.evaluate.questions import Question, ask_one, choose_model, switch
from ui.export import save_numbers
from ui.shares import PERCENT_FORMAT, in_percent

_TABLES = {"report": "classification report", "characters": "mistaken for what"}
#: Answers a class is mistaken for that a line has room for; the CSV has all.
_MISTAKEN = 8
#: Width of the first column in CSS pixels: "weighted average" is whole, and a phone has room for a share beside it.
_NAMES = 135


def show_report(models: list[str], question: Question) -> None:
    """The chosen table of one model."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        model = choose_model(models)
        table = switch("Table", _TABLES, "table")
        order = switch("Order", ["as they are", "worst first"], "rows")
    evaluation = ask_one(model, question)
    if evaluation is None:
        return
    rows = list(evaluation.report.per_class)
    if order == "worst first":
        rows.sort(key=lambda row: row.f1 if table == "report" else row.accuracy)
    name = f"{table}-{model}-{question.filename}"
    if table == "report":
        _classification_report(evaluation, rows, name)
    else:
        _characters(rows, _is_of_capitals(evaluation), name)


def _classification_report(evaluation: Evaluation, rows: list[ClassFigures], name: str) -> None:
    images = sum(row.images for row in rows)
    averages = [
        {"class": f"{kind} average", **figures, "support": images}
        for kind, figures in evaluation.report.averages.items()
    ]
    lines = [
        {"class": row.label, "precision": row.precision, "recall": row.recall, "f1": row.f1, "support": row.images}
        for row in rows
    ]
    table = pd.DataFrame(averages + lines)
    _table(
        table,
        {
            "class": "Class",
            "precision": ("Precision", "Of all that was read as this, how much is"),
            "recall": ("Recall", "Of all that is this, how much was read as it"),
            "f1": ("F1", "Harmonic mean of both"),
            "support": ("Images", None),
        },
        "The classification report",
    )
    st.caption("Macro: all classes alike; weighted: by their images.")
    save_numbers(table, name)


def _is_of_capitals(evaluation: Evaluation) -> bool:
    """Whether the NIST document's table is of the same task: capitals and nothing else."""
    answerable = zip(evaluation.match.alphabet, evaluation.match.allowed, strict=False)
    return {label for label, allowed in answerable if allowed} <= set(PUBLISHED_LETTERS)


def _characters(rows: list[ClassFigures], published: bool, name: str) -> None:
    table = pd.DataFrame([_character(row, published, _MISTAKEN) for row in rows])
    columns = {
        "character": "Character",
        "attempts": ("Attempts", None),
        "right": ("Right", None),
        "accuracy": ("Accuracy", None),
        "mistaken_for": "Mistaken for",
    }
    if published:
        columns |= {
            "published_accuracy": ("Published", "As the NIST document prints it, for its own test images"),
            "published_mistaken_for": "Mistaken for there",
        }
    _table(table, columns, "Every character: attempts, right answers, and what it was mistaken for")
    if published:
        attempts, right = (sum(getattr(row, k) for row in PUBLISHED_LETTERS.values()) for k in ("attempts", "right"))
        st.caption(
            f"Published: the NIST document's perceptron of three hidden layers on {attempts:,} capitals. Its rows add "
            f"up to {right:,} right; its text says 71,227."
        )
    save_numbers(pd.DataFrame([_character(row, published, None) for row in rows]), name)


def _character(row: ClassFigures, published: bool, most: int | None) -> dict:
    mistaken = list(row.mistaken_for.items())
    line = {
        "character": row.label,
        "attempts": row.images,
        "right": row.right,
        "accuracy": row.accuracy,
        "mistaken_for": "   ".join(f"{label} {count:,}" for label, count in mistaken[:most])
        + ("   …" if most and len(mistaken) > most else ""),
    }
    letter = PUBLISHED_LETTERS.get(row.label)
    if published and letter:
        line |= {"published_accuracy": letter.accuracy, "published_mistaken_for": "   ".join(letter.mistaken_for)}
    return line


def _table(table: pd.DataFrame, columns: dict[str, str | tuple[str, str | None]], alt: str) -> None:
    """A table as high as it is long, its names always in sight; shares as bars, counts with thousands."""
    config, shares = {}, [column for column in table if table[column].dtype.kind == "f"]
    for column, title in columns.items():
        if isinstance(title, str):
            first = column == table.columns[0]
            config[column] = st.column_config.TextColumn(title, pinned=first, width=_NAMES if first else None)
        elif column in shares:
            config[column] = st.column_config.ProgressColumn(
                title[0], help=title[1], format=PERCENT_FORMAT, min_value=0, max_value=100
            )
        else:
            config[column] = st.column_config.NumberColumn(title[0], help=title[1], format="localized")
    height = min(36 * (len(table) + 1) + 3, 1400)
    table = in_percent(table, shares)
    st.dataframe(table, hide_index=True, column_config=config, height=height, row_height=36, alt=alt)
