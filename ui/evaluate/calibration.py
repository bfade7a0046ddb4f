"""Whether models are right as often as they claim, and what refusing to answer would gain."""

import numpy as np
import pandas as pd
import streamlit as st

from hcr_core.calibration import Rejection, Reliability, rejection_curve, reliability
from ui.evaluate.figures import FEW, rejection_curves, reliability_diagram
from ui.evaluate.questions import Question, ask, choose_models, say_refused
from ui.export import chart
from ui.reading import plain
from ui.shares import precisely

#: Accuracies that a visitor may want of the answers that are given.
_WANTED = (0.95, 0.98, 0.99, 0.995)
#: Chance alone gives no larger error in so many of 100 cases.
_BY_CHANCE = 95


def show_calibration(models: list[str], question: Question) -> None:
    """The reliability diagram and the rejection curve of every chosen model."""
    found, refused = ask(choose_models(models), question)
    if found:
        diagram, curve = st.columns(2, gap="large")
        with diagram:
            st.subheader("Is it as often right as it is sure?", anchor=False)
            _reliability({name: reliability(e.probability, e.right) for name, e in found.items()}, question)
        with curve:
            st.subheader("What would refusing gain?", anchor=False)
            _rejection({name: rejection_curve(e.probability, e.right) for name, e in found.items()}, question)
    else:
        st.info("None of these models can read these images.", icon=":material/info:")
    say_refused(refused)


def _reliability(bins: dict[str, Reliability], question: Question) -> None:
    numbers = pd.concat([_bins(name, its) for name, its in bins.items()], ignore_index=True)
    said = ", ".join(f"{name} {precisely(its.error)}" for name, its in bins.items())
    chart(
        reliability_diagram(bins),
        numbers,
        f"calibration-{question.filename}",
        alt=f"How often models are right against how sure they are. Expected calibration error: {said}.",
    )
    for name, its in bins.items():
        st.markdown(f"**{plain(name)}** {verdict(its)}.")
    st.caption(
        "Below the dotted line a model claims too much, above it too little; larger dots stand for more images. Pale "
        f"ones, off the curve, stand for fewer than {FEW}, which chance moves far. "
        "*Off by*: expected calibration error, 15 bins (Guo et al. 2017, arXiv:1706.04599). *Chance*: the most that "
        f"models show in {_BY_CHANCE} of 100 cases that are just as sure as they should be, on as many images."
    )


def verdict(found: Reliability) -> str:
    """Whether a model is as sure as it should be, in words: told only where the error is more than chance."""
    error, chance = found.error, float(np.percentile(found.errors_by_chance(), _BY_CHANCE))
    numbers = f"off by {precisely(error)} on average, by chance alone up to {precisely(chance)}"
    if error <= chance:
        return f"is as sure as it should be, as far as so many images can tell: {numbers}"
    if abs(found.gap) < error / 2:
        return f"is too sure of some answers and not sure enough of others: {numbers}"
    return f"{'is too sure of itself' if found.gap > 0 else 'is right more often than it claims'}: {numbers}"


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
    rows = [{"model": name} | {precisely(w): _needed(its, w) for w in _WANTED} for name, its in curves.items()]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={
            "model": "Model",
            **{precisely(w): st.column_config.TextColumn(f"{precisely(w)} right") for w in _WANTED},
        },
        alt="Share of answers to refuse for a wanted accuracy",
    )
    st.caption("Refused are the answers the model is least sure of; in brackets, how sure it has to be at least.")


def _needed(curve: Rejection, wanted: float) -> str:
    needed = curve.at_accuracy(wanted)
    if needed is None:
        return "cannot be reached"
    refused, threshold = needed
    return f"{precisely(refused)} ({precisely(threshold)})" if refused else "none"
