"""Whether models are right as often as they claim, and what refusing to answer would gain."""

import pandas as pd
import streamlit as st

from hcr_core.calibration import Rejection, Reliability, rejection_curve, reliability
from hcr_core.evaluation_results import Evaluation
from ui.evaluate.figures import rejection_curves, reliability_diagram
from ui.evaluate.questions import Question, ask, choose_models, precisely, say_refused
from ui.export import chart

#: Accuracies that a visitor may want of the answers that are given.
_WANTED = (0.95, 0.98, 0.99, 0.995)
#: A mean gap below this is called calibrated: less than the bins of a few thousand images can tell.
_SMALL = 0.01


def show_calibration(models: list[str], question: Question) -> None:
    """The reliability diagram and the rejection curve of every chosen model."""
    found, refused = ask(choose_models(models), question)
    if found:
        diagram, curve = st.columns(2, gap="large")
        with diagram:
            st.subheader("Is it as often right as it is sure?", anchor=False)
            _reliability({name: reliability(e.probability, e.right) for name, e in found.items()}, found, question)
        with curve:
            st.subheader("What would refusing gain?", anchor=False)
            _rejection({name: rejection_curve(e.probability, e.right) for name, e in found.items()}, question)
    else:
        st.info("None of these models can read these images.", icon=":material/info:")
    say_refused(refused)


def _reliability(bins: dict[str, Reliability], found: dict[str, Evaluation], question: Question) -> None:
    numbers = pd.concat([_bins(name, its) for name, its in bins.items()], ignore_index=True)
    errors = {name: evaluation.calibration_error for name, evaluation in found.items()}
    said = ", ".join(f"{name} {precisely(error)}" for name, error in errors.items())
    chart(
        reliability_diagram(bins),
        numbers,
        f"calibration-{question.filename}",
        alt=f"How often models are right against how sure they are. Expected calibration error: {said}.",
    )
    for name, its in bins.items():
        st.markdown(f"**{name}** {verdict(its.gap)}: off by {precisely(errors[name])} on average.")
    st.caption(
        "Below the dotted line a model claims too much, above it too little; larger dots stand for more images. "
        "*Off by*: expected calibration error, 15 bins (Guo et al. 2017, arXiv:1706.04599)."
    )


def verdict(gap: float) -> str:
    """What ``Reliability.gap`` says, in words."""
    if abs(gap) < _SMALL:
        return "is as sure as it should be"
    return "is too sure of itself" if gap > 0 else "is right more often than it claims"


def _bins(name: str, found: Reliability) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": name,
            "from": found.edges[:-1].round(6),
            "to": found.edges[1:].round(6),
            "images": found.images,
            "claimed": found.claimed.round(6),
            "right": found.right.round(6),
        }
    )


def _rejection(curves: dict[str, Rejection], question: Question) -> None:
    numbers = pd.concat(
        [
            pd.DataFrame(
                {
                    "model": name,
                    "threshold": its.threshold,
                    "refused": its.rejected,
                    "right_of_the_others": its.accuracy,
                }
            )
            for name, its in curves.items()
        ],
        ignore_index=True,
    )
    chart(
        rejection_curves(curves),
        numbers,
        f"refusing-{question.filename}",
        alt="Accuracy of the answers that are given, against the share that is refused.",
    )
    st.markdown("**To be right this often, so much has to be refused**")
    rows = [{"model": name} | {f"{w:.1%}": _needed(its, w) for w in _WANTED} for name, its in curves.items()]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={
            "model": "Model",
            **{f"{w:.1%}": st.column_config.TextColumn(f"{w:.1%} right") for w in _WANTED},
        },
        alt="Share of answers to refuse for a wanted accuracy",
    )
    st.caption("Refused are the answers the model is least sure of; in brackets, how sure it has to be at least.")


def _needed(curve: Rejection, wanted: float) -> str:
    needed = curve.at_accuracy(wanted)
    if needed is None:
        return "cannot be reached"
    refused, threshold = needed
    return f"{precisely(refused)} (< {threshold:.2f})" if refused else "none"
