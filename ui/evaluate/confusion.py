"""What a model reads as what, and the images behind every number."""

import numpy as np
import pandas as pd
import streamlit as st

from hcr_core.alphabet import spoken
from hcr_core.evaluation_results import Evaluation
from ui.evaluate.confusion_matrix import MODES, confusion_matrix
from ui.evaluate.gallery import answer_tiles
from ui.evaluate.questions import Question, ask_one, choose_model, switch
from ui.export import save_numbers
from ui.reading import plain
from ui.shares import precisely

#: Classes a matrix has room for, and images of a cell that are shown at first.
_MOST_CLASSES, _IMAGES = 80, 48
#: Most frequent mistakes that have a button.
_FREQUENT = 8
_TRUTH, _READ_AS = "truth", "read_as"


def show_confusion(models: list[str], question: Question) -> None:
    """The matrix, and beside it the images of one of its cells."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        model = choose_model(models)
        mode = switch("Cells show", MODES, "cells")
    evaluation = ask_one(model, question)
    if evaluation is None:
        return
    shown = _shown_classes(evaluation.report.confusion)
    names = [evaluation.match.alphabet[i] for i in shown]
    counts = evaluation.report.confusion[np.ix_(shown, shown)]
    _begin(counts, names)
    left, right = st.columns([7, 5], gap="medium")
    with left:
        confusion_matrix(
            counts,
            names,
            mode,
            f"confusion-{model}-{question.filename}-{mode}",
            picked=_picked(names),
            filename=f"confusion-{model}-{question.filename}",
            on_pick=lambda row, column: _look_at(names[row], names[column]),
        )
        if len(names) < len(evaluation.match.alphabet):
            _say_what_is_left_out(evaluation, names)
        save_numbers(_long(counts, names), f"confusion-{model}-{question.filename}")
    with right:
        _cell(evaluation, question, names, f"{model}-{question.filename}")
        _frequent(counts, names)


def _shown_classes(confusion: np.ndarray) -> np.ndarray:
    """Classes that occur or are answered; of very many, those with the most mistakes."""
    images, mistakes = confusion.sum(axis=1) + confusion.sum(axis=0), confusion.copy()
    np.fill_diagonal(mistakes, 0)
    wrong = mistakes.sum(axis=1) + mistakes.sum(axis=0)
    order = np.lexsort((-images, -wrong))
    return np.sort([i for i in order if images[i]][:_MOST_CLASSES])


def _say_what_is_left_out(evaluation: Evaluation, names: list[str]) -> None:
    occur = {row.label for row in evaluation.report.per_class}
    if occur - set(names):
        st.caption(f"Shown are the {len(names)} classes with the most mistakes, of {len(occur)}.")


def _look_at(truth: str, read_as: str) -> None:
    st.session_state[_TRUTH], st.session_state[_READ_AS] = truth, read_as


def _begin(counts: np.ndarray, names: list[str]) -> None:
    """Look at the most frequent mistake, unless an address or a click says otherwise."""
    asked = [st.session_state.get(key) or st.query_params.get(key) for key in (_TRUTH, _READ_AS)]
    if all(label in names for label in asked):
        return
    off = counts.copy()
    np.fill_diagonal(off, -1)
    row, column = np.unravel_index(np.argmax(off), off.shape)
    _look_at(names[row], names[column])


def _picked(names: list[str]) -> tuple[int, int] | None:
    cell = [st.session_state.get(key) or st.query_params.get(key) for key in (_TRUTH, _READ_AS)]
    return (names.index(cell[0]), names.index(cell[1])) if all(label in names for label in cell) else None


def _cell(evaluation: Evaluation, question: Question, names: list[str], key: str) -> None:
    """The images of one cell, the surest answers first."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        # Without a default of their own: the address leaves defaults out, and this one depends on the mistakes.
        choice = {"index": None, "bind": "query-params", "width": 120}
        truth = st.selectbox("Truth", names, key=_TRUTH, **choice)
        read_as = st.selectbox("read as", names, key=_READ_AS, **choice)
    if truth is None or read_as is None:  # cleared, or empty in the address
        return
    alphabet, matched = evaluation.match.alphabet, evaluation.match
    of_truth = matched.labels == alphabet.index(truth)
    rows = np.flatnonzero(of_truth & (evaluation.predicted == alphabet.index(read_as)))
    words = "read right" if truth == read_as else f"read as {plain(spoken(read_as))}"
    share = f" ({precisely(len(rows) / of_truth.sum())})" if len(rows) else ""
    st.markdown(f"**{len(rows):,}** of {of_truth.sum():,} images of {plain(spoken(truth))} are {words}{share}")
    if not len(rows):
        return
    rows = rows[np.argsort(-evaluation.probability[rows], kind="stable")]
    answer_tiles(evaluation, question, rows[:_IMAGES], f"cell-{key}-{truth}-{read_as}", tile=52, brief=True)
    more = f" The {_IMAGES} surest are shown." if len(rows) > _IMAGES else ""
    st.caption(f"Below each, how sure the model was; click one to have it read.{more}")


def _frequent(counts: np.ndarray, names: list[str]) -> None:
    """Buttons to the most frequent mistakes."""
    off = counts.copy()
    np.fill_diagonal(off, 0)
    order = [i for i in np.argsort(-off, axis=None, kind="stable")[:_FREQUENT] if off.flat[i]]
    if not order:
        st.success("No mistake at all.", icon=":material/check:")
        return
    st.markdown("**Most frequent mistakes**")
    with st.container(horizontal=True, gap="small"):
        for place, i in enumerate(order):
            row, column = divmod(int(i), len(names))
            st.button(
                f"{plain(names[row])} → {plain(names[column])} · {off.flat[i]:,}",
                key=f"frequent-{place}",
                on_click=_look_at,
                args=(names[row], names[column]),
            )


def _long(counts: np.ndarray, names: list[str]) -> pd.DataFrame:
    """A line for each cell that is not empty."""
    rows, columns = np.nonzero(counts)
    values = counts[rows, columns]
    return pd.DataFrame(
        {
            "truth": [names[i] for i in rows],
            "read_as": [names[i] for i in columns],
            "images": values,
            "share_of_truth": (values / counts.sum(axis=1)[rows]).round(6),
        }
    )
