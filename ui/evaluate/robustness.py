"""How models bear what drawings and photos do to a character: a curve each, over each other."""

import cv2
import numpy as np
import pandas as pd
import streamlit as st

from hcr_core.datasets import DatasetError
from hcr_core.evaluation_results import fingerprint, result_key
from hcr_core.matching import match
from hcr_core.robustness import PERTURBATIONS, example_sheets
from hcr_core.robustness_results import Curve, measured_curves, sampled
from ui import data as lookup
from ui.evaluate.figures import level_curves
from ui.evaluate.questions import Question, choose_models, say_refused, switch
from ui.evaluate.work import shared_result
from ui.export import chart
from ui.image_views import image_grid
from ui.recognize_this import send_to_recognize

_TITLES = {
    "rotation": "rotation",
    "scale": "size",
    "shift": "place",
    "stroke": "stroke width",
    "noise": "noise",
    "blur": "blur",
    "contrast": "contrast",
    "occlusion": "covered",
    "gaps": "gaps",
    "specks": "specks",
}
_ALL = "all"
_RIGHT = {"accuracy": "exactly", "folded": "case aside", "shape": "shape"}
#: Images that are changed: seconds for each change, or a minute.
_IMAGES = {"300": "300", "1000": "1,000"}
#: Side of an example on the screen, in CSS pixels, and how many characters are shown.
_TILE, _EXAMPLES = 104, 2


def show_robustness(models: list[str], question: Question) -> None:
    """Curves of the chosen models for one change, with examples of it; or all changes, small."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = choose_models(models)
        images = int(switch("Images", _IMAGES, "images"))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        change = switch("What changes", {**_TITLES, _ALL: "all of them"}, "change")
        right = switch(
            "Right means",
            _RIGHT,
            "right",
            help="Shape: right up to look-alikes that no isolated shape can tell apart, such as O, o and 0.",
        )
    able, refused = _able(chosen, question)
    if not able:
        st.info("None of these models can read these images.", icon=":material/info:")
    elif change == _ALL:
        _all_changes(able, question, right, images)
    else:
        curves = _curves(able, question, [change], images)[change]
        _one_change(change, curves, right, question)
        _examples(change, question, images, able[0])
    say_refused(refused)


def _able(models: list[str], question: Question) -> tuple[list[str], dict[str, str]]:
    """Models that know some of the images' classes; and a sentence for each that does not."""
    able, refused = [], {}
    for name in models:
        try:
            match(lookup.recognizer(name).alphabet, question.dataset, question.kind)
            able.append(name)
        except DatasetError as error:
            refused[name] = str(error)
    return able, refused


def _curves(models: list[str], question: Question, changes: list[str], images: int) -> dict[str, dict[str, Curve]]:
    """Curves by change and model, with a progress bar while they are measured."""
    readers = {name: lookup.recognizer(name) for name in models}
    dataset, choice, bar = question.dataset, (question.kind, question.all_classes), st.empty()
    known = fingerprint(dataset)
    found = {}
    for i, change in enumerate(changes):

        def compute(progress, change=change) -> dict[str, Curve]:
            return measured_curves(
                readers, dataset, change, images, choice[0], all_classes=choice[1], progress=progress
            )

        def show(share: float, done=i, change=change) -> None:
            words = f"The same images, {PERTURBATIONS[change].title}, are shown to every model"
            bar.progress((done + share) / len(changes), words)

        asked = tuple((name, result_key(reader, known, *choice)) for name, reader in readers.items())
        found[change] = shared_result(("change", change, images, asked), compute, show)
    bar.empty()
    return found


def _one_change(change: str, curves: dict[str, Curve], right: str, question: Question) -> None:
    chart(
        _figure(change, curves, right, 440),
        _numbers({change: curves}),
        f"{change}-{question.filename}",
        alt=_in_words(change, curves, right),
    )


def _all_changes(models: list[str], question: Question, right: str, images: int) -> None:
    changes = list(_TITLES)
    found = _curves(models, question, changes, images)
    for left in range(0, len(changes), 2):
        for column, change in zip(st.columns(2, gap="large"), changes[left : left + 2], strict=False):
            with column:
                st.markdown(f"**{PERTURBATIONS[change].title.capitalize()}**")
                chart(
                    _figure(change, found[change], right, 300),
                    _numbers({change: found[change]}),
                    f"{change}-{question.filename}-small",
                    alt=_in_words(change, found[change], right),
                )


def _figure(change: str, curves: dict[str, Curve], right: str, height: int):
    perturbation = PERTURBATIONS[change]
    lines = {name: (its["level"], its[right]) for name, its in curves.items()}
    return level_curves(lines, f"{perturbation.title} ({perturbation.unit})", height)


def _in_words(change: str, curves: dict[str, Curve], right: str) -> str:
    ends = ", ".join(
        f"{name} from {its[right].max():.0%} down to {its[right].min():.0%}" for name, its in curves.items()
    )
    return f"Accuracy against {_TITLES[change]}: {ends}."


def _numbers(found: dict[str, dict[str, Curve]]) -> pd.DataFrame:
    frames = [
        pd.DataFrame({"change": change, "unit": PERTURBATIONS[change].unit, "model": name, **its})
        for change, curves in found.items()
        for name, its in curves.items()
    ]
    return pd.concat(frames, ignore_index=True)


def _examples(change: str, question: Question, images: int, model: str) -> None:
    """Some of the images at every level, as the app was given them."""
    dataset, perturbation = question.dataset, PERTURBATIONS[change]
    matched = sampled(match(lookup.recognizer(model).alphabet, dataset, question.kind), images)
    # Far from each other, so that they are of different classes where these come in order.
    positions = matched.positions[:: max(1, len(matched.positions) // _EXAMPLES)][:_EXAMPLES]
    st.caption(
        f"{len(matched.positions):,} images of {question.title} were changed, each on a sheet like the drawing pad's: "
        "for example these. Click one to have it read."
    )
    for position in positions:
        sheets = example_sheets(dataset, int(position), perturbation)
        small = np.stack([cv2.resize(sheet, (2 * _TILE, 2 * _TILE), interpolation=cv2.INTER_AREA) for sheet in sheets])
        captions = [f"{level:g}" for level in perturbation.levels]
        label = dataset.alphabet[int(dataset.labels[position])]
        words = [f"{label}, {perturbation.title}: {level:g} {perturbation.unit}" for level in perturbation.levels]
        key = f"sheets-{change}-{question.filename}-{position}"
        picked = image_grid(small, captions, key, tile=_TILE, descriptions=words)
        if picked is not None and picked < len(sheets):
            send_to_recognize(sheets[picked], words[picked])
