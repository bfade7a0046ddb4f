"""Models beside each other: one bar and one line each, the tutorials' figures below."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from hcr_core.evaluation import wilson_interval
from hcr_core.evaluation_results import Evaluation
from hcr_core.model_card import learned_from, parameters
from hcr_core.model_store import StoredModel, open_model
from hcr_core.published_results import PUBLISHED_RESULTS
from ui.evaluate.figures import accuracy_bars
from ui.evaluate.questions import Question, ask, choose_models, put_first, say_refused
from ui.export import chart, save_numbers
from ui.reading import plain
from ui.shares import PERCENT_FORMAT, in_percent, precisely

#: Models that cannot be told apart and are named, at most.
_NAMED = 4
_COLUMNS = {
    "model": st.column_config.TextColumn("Model", pinned=True),
    "network": st.column_config.TextColumn("Network"),
    "accuracy": st.column_config.NumberColumn("Right", format=PERCENT_FORMAT, help="The first answer is right"),
    "top2": st.column_config.NumberColumn(
        "First two", format=PERCENT_FORMAT, help="The truth is the first or second answer"
    ),
    "folded": st.column_config.NumberColumn(
        "Case aside", format=PERCENT_FORMAT, help="Right when capitals and small letters count as the same"
    ),
    "shape": st.column_config.NumberColumn(
        "Shape", format=PERCENT_FORMAT, help="Right up to look-alikes that no isolated shape can tell apart: O, o and 0"
    ),
    "loss": st.column_config.NumberColumn(
        "Loss", format="%.3f", help="Cross-entropy: 0 where every right answer was certain; wrong certainty is dear"
    ),
    "calibration_error": st.column_config.NumberColumn(
        "Calibration error",
        format=PERCENT_FORMAT,
        help="How far the model's certainty is from how often it is right, on average (15 bins, Guo et al. 2017)",
    ),
    "unknown_images": st.column_config.NumberColumn(
        "Cannot know", format="localized", help="Images of characters that the model never learned: counted as wrong"
    ),
    "parameters": st.column_config.NumberColumn("Parameters", format="compact"),
    "file_bytes": st.column_config.NumberColumn("File", format="bytes", help="What is loaded in order to read"),
    "milliseconds": st.column_config.NumberColumn(
        "Time", format="%.2f ms", help="One character read by itself, on this machine when it was measured (median)"
    ),
    "published": st.column_config.TextColumn(
        "Published", help="What the network's tutorial published, on its own data: see below"
    ),
    "learned": st.column_config.TextColumn(
        "Learned from", help="These images are what the model was trained on, some or all of them: see its card"
    ),
}

_SHARES = ("accuracy", "top2", "folded", "shape", "calibration_error")


def show_leaderboard(models: list[str], question: Question) -> None:
    """Every chosen model's figures, best first."""
    found, refused = ask(choose_models(models), question)
    ranking = sorted(found, key=lambda name: -found[name].report.figures["accuracy"])
    if ranking:
        put_first(ranking[0])
        table = pd.DataFrame([_row(open_model(name), found[name], question) for name in ranking])
        shares = {name: _shares(found[name]) for name in ranking}
        learned = table["model"][table["learned"] != ""].tolist()
        st.markdown(headline(shares, len(found[ranking[0]].right), question.title, learned))
        bars = [(name, *its) for name, its in shares.items()]
        best = ", ".join(f"{name} {precisely(accuracy)}" for name, accuracy, *_ in bars)
        chart(accuracy_bars(bars), table, f"leaderboard-{question.filename}", alt=f"Share of right answers: {best}.")
        table = in_percent(table.drop(columns=_saying_nothing(table)), _SHARES)
        st.dataframe(table, hide_index=True, column_config=_COLUMNS, alt="The models' figures, best first")
        if "unknown_images" in table:
            st.caption(
                "*Cannot know*: characters that a model never learned count as wrong. Choose others above to compare "
                "models on what all of them know."
            )
    else:
        st.info("None of these models can read these images.", icon=":material/info:")
    say_refused(refused)
    _published(ranking, found, question)


def _saying_nothing(table: pd.DataFrame) -> list[str]:
    """Columns that are empty or repeat others: digits have no case, and most models know what they are shown."""
    repeated = [name for name in ("folded", "shape") if (table[name] == table["accuracy"]).all()]
    return repeated + [name for name in ("unknown_images", "published", "learned") if not table[name].any()]


#: Accuracy, share with the truth among the first two answers, and the limits of the accuracy's 95 % interval.
Shares = tuple[float, float, tuple[float, float]]


def headline(shares: dict[str, Shares], images: int, data: str, learned: Sequence[str] = ()) -> str:
    """Which model is best, in Markdown; where the intervals of several overlap with the best one's, that they do.

    Args:
        shares: Of each model by its name, the best first.
        images: How many were read.
        data: Which images, as a question's title says it.
        learned: Models that learned from these images, so that their shares are no measure of how they read others.
    """
    (best, (accuracy, _, (low, high))), *_ = shares.items()
    alike = [name for name, (_, _, (_, top)) in shares.items() if top >= low]
    within = f"so many images tell a share to within {precisely((high - low) / 2)} (the thin lines: 95 % intervals)"
    names = ", ".join(f"**{plain(name)}**" for name in learned)
    told = f" Learned from these images, and no measure of others: {names}." if learned else ""
    if len(alike) == 1:
        return (
            f"#### The model **{plain(best)}** reads {precisely(accuracy)} of {images:,} images right"
            f"{' that it learned from' if best in learned else ''}\n"
            f":gray[On the data set {plain(data)}; {within}.{told}]"
        )
    named = [f"**{plain(name)}**" for name in alike[:_NAMED]]
    named += [f"{len(alike) - _NAMED} more"] * (len(alike) > _NAMED)
    least, most = precisely(min(shares[name][0] for name in alike)), precisely(accuracy)
    read = f"{least} to {most}" if least != most else most
    return (
        f"#### The models {', '.join(named[:-1])} and {named[-1]} cannot be told apart on {images:,} images\n"
        f":gray[On the data set {plain(data)}: they read {read} right; {within}, and theirs overlap.{told}]"
    )


def _shares(evaluation: Evaluation) -> Shares:
    figures, right = evaluation.report.figures, evaluation.right
    return figures["accuracy"], figures["top2"], wilson_interval(int(right.sum()), len(right))


def _row(model: StoredModel, evaluation: Evaluation, question: Question) -> dict:
    network = model.card.get("architecture", {}).get("name", "")
    return {
        "model": model.name,
        "network": network,
        **{k: evaluation.report.figures[k] for k in ("accuracy", "top2", "folded", "shape", "loss")},
        "calibration_error": evaluation.calibration_error,
        "unknown_images": evaluation.match.unknown_images,
        "parameters": parameters(model.card),
        "file_bytes": model.network_size,
        "milliseconds": 1000 * evaluation.seconds,
        "published": "; ".join(result.figure for result in PUBLISHED_RESULTS if result.network == network),
        "learned": "these images" if learned_from(model.card, question.data, question.part) else "",
    }


def _published(ranking: list[str], found: dict[str, Evaluation], question: Question) -> None:
    """The tutorials' figures with the best of the models that have their networks."""
    st.subheader("What the tutorials published", anchor=False)
    networks: dict[str, str] = {}
    for name in ranking:
        networks.setdefault(open_model(name).card.get("architecture", {}).get("name", ""), name)
    rows = [
        {
            "network": result.network,
            "tutorial": result.document,
            "on": result.data,
            "trained": result.trained,
            "published": result.figure,
            "here": _here(networks.get(result.network), found),
        }
        for result in PUBLISHED_RESULTS
    ]
    table = pd.DataFrame(rows)
    if not table["here"].any():  # none of the models has one of these networks
        table = table.drop(columns="here")
    st.dataframe(
        table,
        hide_index=True,
        column_config={"here": st.column_config.TextColumn(f"best model here, on the data set {question.title}")},
        alt="Networks with the accuracy their tutorials published, and the accuracy reached here",
    )
    st.caption(
        "Figures on different data show the same network at different tasks; only those on the same images compare."
        + ("" if "here" in table else " None of the models above has one of these networks.")
    )
    save_numbers(table, "published-results")


def _here(name: str | None, found: dict[str, Evaluation]) -> str:
    return f"{precisely(found[name].report.figures['accuracy'])} ({name})" if name else ""
