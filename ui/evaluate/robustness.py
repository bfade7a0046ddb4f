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
        _one_change(able, question, change, right, images)
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


def _curves(models: list[str], question: Question, change: str, images: int, show) -> dict[str, Curve]:
    """Curves by model; ``show`` is called with the share that is done while they are measured."""
    readers = {name: lookup.recognizer(name) for name in models}
    dataset, kind, free = question.dataset, question.kind, question.all_classes
    known = fingerprint(dataset)
    asked = tuple((name, result_key(reader, known, kind, free)) for name, reader in readers.items())
    return shared_result(
        ("change", change, images, asked),
        lambda progress: measured_curves(readers, dataset, change, images, kind, all_classes=free, progress=progress),
        show,
    )


def _words(change: str) -> str:
    return f"The same images, {PERTURBATIONS[change].title}, are shown to every model"


def _one_change(models: list[str], question: Question, change: str, right: str, images: int) -> None:
    bar = st.empty()
    curves = _curves(models, question, change, images, lambda share: bar.progress(share, _words(change)))
    bar.empty()
    name = f"{change}-{question.filename}"
    chart(_figure(change, curves, right, 440), _numbers(change, curves), name, alt=_in_words(change, curves, right))


def _all_changes(models: list[str], question: Question, right: str, images: int) -> None:
    """A small chart each, which appears as soon as it is measured."""
    changes, bar = list(_TITLES), st.empty()
    places = [column for _ in changes[::2] for column in st.columns(2, gap="large")]
    for done, (change, place) in enumerate(zip(changes, places, strict=True)):

        def show(share: float, done=done, change=change) -> None:
            bar.progress((done + share) / len(changes), f"{_words(change)}: {done + 1} of {len(changes)}")

        curves = _curves(models, question, change, images, show)
        with place:
            st.markdown(f"**{PERTURBATIONS[change].title.capitalize()}**")
            name = f"{change}-{question.filename}-small"
            chart(
                _figure(change, curves, right, 300),
                _numbers(change, curves),
                name,
                alt=_in_words(change, curves, right),
            )
    bar.empty()


def _figure(change: str, curves: dict[str, Curve], right: str, height: int):
    perturbation = PERTURBATIONS[change]
    lines = {name: (its["level"], its[right]) for name, its in curves.items()}
    return level_curves(lines, f"{perturbation.title} ({perturbation.unit})", height)


def _in_words(change: str, curves: dict[str, Curve], right: str) -> str:
    ends = ", ".join(
        f"{name} from {its[right].max():.0%} down to {its[right].min():.0%}" for name, its in curves.items()
    )
    return f"Accuracy against {_TITLES[change]}: {ends}."


def _numbers(change: str, curves: dict[str, Curve]) -> pd.DataFrame:
    facts = {"change": change, "unit": PERTURBATIONS[change].unit}
    return pd.concat([pd.DataFrame(facts | {"model": name, **its}) for name, its in curves.items()], ignore_index=True)


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
