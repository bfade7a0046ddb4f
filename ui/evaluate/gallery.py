"""What a model answered, image by image: the surest mistakes first."""

import numpy as np
import pandas as pd
import streamlit as st

from hcr_core.evaluation_results import Evaluation
from ui.evaluate.questions import Question, ask_one, choose_model, switch
from ui.export import save_numbers
from ui.image_views import image_grid
from ui.reading import percent, plain
from ui.recognize_this import send_to_recognize
from ui.shares import precisely

_WHICH = {"wrong": "wrong", "shape": "wrong even in shape", "right": "right", "all": "all"}
_ORDERS = {"sure": "surest first", "unsure": "least sure first"}


def show_gallery(models: list[str], question: Question) -> None:
    """Images with their truth and the model's answer."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        model = choose_model(models)
        which = switch(
            "Answers",
            _WHICH,
            "which",
            help="Wrong even in shape leaves out what no isolated shape can tell apart, such as O, o and 0.",
        )
        order = switch("Order", _ORDERS, "first")
        most = st.slider("Show", 30, 600, 120, 30, key="number", bind="query-params", width=180)
    evaluation = ask_one(model, question)
    if evaluation is None:
        return
    labels = [row.label for row in evaluation.report.per_class]
    chosen = st.pills(
        "Only images of", labels, selection_mode="multi", format_func=plain, key="of", bind="query-params"
    )
    rows = ordered(evaluation, which, order, chosen)
    wrong, images = int((~evaluation.right).sum()), len(evaluation.right)
    st.markdown(
        f"The model **{plain(model)}** reads {wrong:,} of {images:,} images wrong ({precisely(wrong / images)}). "
        f"{len(rows):,} {'fit' if len(rows) != 1 else 'fits'} the choice."
    )
    if len(rows):
        answer_tiles(evaluation, question, rows[:most], f"answers-{model}-{question.filename}", tile=72)
        st.caption("Truth → answer, and how sure the model was. Click an image to have it read.")
    save_numbers(
        lambda: answer_table(evaluation, ordered(evaluation, "all", "sure", [])),
        f"answers-{model}-{question.filename}",
    )


def ordered(evaluation: Evaluation, which: str, order: str, truths: list[str]) -> np.ndarray:
    """Rows of the answers asked for, int64 (k,): wrong ones first, then by how sure the model was.

    Args:
        evaluation: The answers.
        which: One of ``"wrong"``, ``"shape"``, ``"right"``, ``"all"``.
        order: ``"sure"`` or ``"unsure"``.
        truths: Only images of these classes; of all if empty.
    """
    right, matched = evaluation.right, evaluation.match
    shapes = matched.alphabet.shape_groups
    wanted = {
        "wrong": ~right,
        "shape": shapes[evaluation.predicted] != shapes[matched.labels],
        "right": right,
        "all": np.ones(len(right), bool),
    }[which]
    if truths:
        wanted = wanted & np.isin(matched.labels, [matched.alphabet.index(label) for label in truths])
    rows = np.flatnonzero(wanted)
    sure = evaluation.probability[rows] * (-1 if order == "sure" else 1)
    return rows[np.lexsort((sure, right[rows]))]


def answer_tiles(
    evaluation: Evaluation, question: Question, rows: np.ndarray, key: str, *, tile: int, brief: bool = False
) -> None:
    """Images at ``rows`` in a grid, with truth and answer (not where ``brief``); a click has one read."""
    dataset, matched = question.dataset, evaluation.match
    positions = matched.positions[rows]
    truths = [matched.alphabet[i] for i in matched.labels[rows]]
    read = [matched.alphabet[i] for i in evaluation.predicted[rows]]
    sure = [percent(float(p)) for p in evaluation.probability[rows]]
    words = [
        f"image {position}: {truth}, read as {answer}, {share}"
        for position, truth, answer, share in zip(positions, truths, read, sure, strict=True)
    ]
    titles = [
        f"{truth} ✓" if truth == answer else f"{truth} → {answer}" for truth, answer in zip(truths, read, strict=True)
    ]
    captions = sure if brief else [f"{title}\n{share}" for title, share in zip(titles, sure, strict=True)]
    picked = image_grid(np.asarray(dataset.images[positions]), captions, key, tile=tile, descriptions=words)
    if picked is not None and picked < len(positions):
        position = int(positions[picked])
        send_to_recognize(np.asarray(dataset.images[position]), f"{question.title}, image {position}: {truths[picked]}")


def answer_table(evaluation: Evaluation, rows: np.ndarray) -> pd.DataFrame:
    """A line for each answer: where the image is in its split, truth, first and second answer."""
    matched, answered = evaluation.match, evaluation.answered
    names = np.array(matched.alphabet.labels)
    table = pd.DataFrame(
        {
            "index": matched.positions[rows],
            "label": names[matched.labels[rows]],
            "predicted": names[evaluation.predicted[rows]],
            "probability": evaluation.probability[rows].round(6),
            "right": evaluation.right[rows],
        }
    )
    if answered.first_two.shape[1] == 2:
        table["second"] = names[answered.first_two[rows, 1]]
        table["second_probability"] = answered.probabilities[rows, 1].round(6)
    return table
