"""What the live views show, made of a run's ``Progress``: plain numbers and sentences."""

import math

import numpy as np

from hcr_core.alphabet import spoken
from hcr_core.training.config import TrainingConfig
from hcr_core.training.progress import Progress, Reading, class_accuracy, frequent_confusions, guesses
from ui.figures import class_colours
from ui.image_views import sprite_sheet
from ui.reading import percent

TRAINING, VALIDATION = "#d9793f", "#5b74e8"
#: A loss below this is as good as none.
_LEAST_LOSS = 0.01


def duration(seconds: float) -> str:
    """A time for people: ``45 s``, ``1 min 40 s``, ``2 h 5 min``.

    >>> duration(100), duration(7500)
    ('1 min 40 s', '2 h 5 min')
    """
    seconds = max(0, round(seconds))
    if seconds < 100:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def roughly(seconds: float) -> str:
    """A time that is only expected: steps of 5 s, then of 10 s, then minutes."""
    step = 5 if seconds < 60 else 10 if seconds < 600 else 60
    return duration(max(step, step * round(seconds / step)))


def sentence(state: str, said: dict, progress: Progress) -> str:
    """What a run is doing, for someone who has never trained a network."""
    match state:
        case "starting" | "preparing":
            return "Getting ready: loading the images and building the network takes some seconds."
        case "waiting":
            return f"Waiting for another run to end first: {said.get('behind', 'an older one')}."
        case "training":
            return _learning(progress)
        case "paused":
            return "Paused: it goes on exactly where it is."
        case "finishing":
            return "Nearly done: the best state is put together as a model."
        case "finished":
            return "Finished: " + _best(progress)
        case "stopped":
            return "Stopped. Resume goes on exactly where it was."
        case "failed":
            return f"It could not go on: {said.get('reason', 'nothing more is known')}."
    return (
        "It was ended from outside (killed, power cut or out of memory). Resume goes on from the last checkpoint, "
        "at most a minute before."
    )


def _learning(progress: Progress) -> str:
    right = latest_accuracy(progress)
    if right is None:
        return "The network has only just begun: it is still guessing."
    return f"Of 100 characters it was never shown, it now reads {round(100 * right)} right."


def _best(progress: Progress) -> str:
    best = progress.best
    if not best:
        return "the model is made of what it knew."
    return f"it reads {percent(best['val_accuracy'])} of the characters right that it was never shown."


def latest_accuracy(progress: Progress) -> float | None:
    """Share of the validation images that is right now, or ``None`` before the first look."""
    points = progress.sampled.points()
    return float(points[-1, 1]) if len(points) else None


def header(state: str, said: dict, progress: Progress, config: TrainingConfig) -> dict:
    """See ``live.header``."""
    passes = progress.start.get("epochs", config.recipe.epochs)
    fraction = 1.0 if state == "finished" else min(1.0, progress.x / max(passes, 1))
    return {
        "state": state,
        "sentence": sentence(state, said, progress),
        "fraction": round(fraction, 4),
        "passes": passes,
        "numbers": _ended_numbers(progress) if progress.end else _numbers(progress, passes, state),
    }


def _numbers(progress: Progress, passes: int, state: str) -> list[tuple[str, str]]:
    batch, right = progress.batch, latest_accuracy(progress)
    going = batch and state in ("training", "paused")
    current = min(math.floor(progress.x) + 1, passes) if progress.start else 0
    return [
        ("right on unseen images", _share(right)),
        ("pass over the data", f"{current} of {passes}"),
        ("left", roughly(batch["seconds_left"]) if going else "–"),
        ("images a second", f"{batch['images_per_second']:,.0f}" if batch else "–"),
    ]


def _ended_numbers(progress: Progress) -> list[tuple[str, str]]:
    summary = progress.end["summary"]
    return [
        ("right on unseen images", _share(summary["val_accuracy"])),
        ("right in training", _share(summary["accuracy"])),
        ("validation loss", _figure(summary["val_loss"])),
        ("training loss", _figure(summary["loss"])),
        ("training time", duration(summary["seconds"])),
        ("best pass", f"{summary['best_epoch']} of {summary['epochs']}"),
        ("images a second", f"{summary['images_per_second']:,.0f}" if summary["images_per_second"] else "–"),
    ]


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def curves(progress: Progress, passes: int) -> dict:
    """See ``live.curves``."""
    batches, sampled, history = progress.training.points(), progress.sampled.points(), progress.history
    # Guessing gives a loss of ln(classes); a bad start is a little above.
    most = max(1.0, 1.3 * math.log(max(len(progress.classes), 2)))

    def line(name: str, colour: str, points, faint: bool = False) -> dict:
        rounded = [[round(float(x), 3), round(float(y), 4)] for x, y in points]
        style = {"width": 1.5, "opacity": 0.45} if faint else {"width": 2.5, "opacity": 1}
        return {"name": name, "colour": colour, "points": rounded, "dots": not faint} | style

    def of_epochs(key: str) -> list[tuple[int, float]]:
        return [(epoch["epoch"], epoch[key]) for epoch in history]

    accuracy = [
        line("", TRAINING, batches[:, [0, 2]] if len(batches) else [], faint=True),
        line("", VALIDATION, sampled if len(sampled) else [], faint=True),
        line("training", TRAINING, of_epochs("accuracy")),
        line("unseen images", VALIDATION, of_epochs("val_accuracy")),
    ]
    loss = [
        line("", TRAINING, batches[:, [0, 1]] if len(batches) else [], faint=True),
        line("training", TRAINING, of_epochs("loss")),
        line("unseen images", VALIDATION, of_epochs("val_loss")),
    ]
    shares = [[i / 4, f"{25 * i} %"] for i in range(5)]
    losses = [[value, f"{value:g}"] for value in (0.01, 0.03, 0.1, 0.3, 1, 3) if value <= most]
    return {
        "passes": max(passes, 1),
        "charts": [
            {"title": "Right, by pass over the data", "range": [0, 1], "log": False, "ticks": shares, "lines": accuracy}
            | {"alt": f"Share of right answers over {passes} passes: {_spoken(history, 'accuracy')}"},
            {"title": "Loss: how wrong it is", "range": [_LEAST_LOSS, most], "log": True}
            | {"ticks": losses, "lines": loss, "alt": f"Loss over {passes} passes: {_spoken(history, 'loss')}"},
        ],
    }


def _spoken(history: list[dict], key: str) -> str:
    if not history:
        return "nothing yet"
    last = history[-1]
    return f"after pass {last['epoch']} {last[key]:.3f} in training and {last[f'val_{key}']:.3f} in validation"


def gallery(progress: Progress) -> dict:
    """See ``live.gallery``."""
    names, images = progress.classes, progress.gallery_images()
    answers = progress.gallery or [[None, 0.0]] * len(images)
    tiles = []
    for entry, (guess, share) in zip(progress.start.get("gallery", []), answers, strict=False):
        truth = names[entry["label"]]
        said = "" if guess is None else names[int(guess)]
        words = f"{spoken(truth)}, not read yet" if guess is None else _judged(truth, said, share)
        tiles.append({"truth": truth, "guess": said, "right": truth == said, "words": words})
    return {"sprite": sprite_sheet(images, max(len(images), 1)) if len(images) else "", "tiles": tiles}


def _judged(truth: str, said: str, share: float) -> str:
    if truth == said:
        return f"{spoken(truth)}, read right, {percent(share)} sure"
    return f"{spoken(truth)}, taken for {spoken(said)}, {percent(share)} sure"


def classes(progress: Progress) -> dict:
    """See ``live.classes``."""
    names = progress.classes
    counts = np.zeros((len(names),) * 2, np.int64) if progress.confusion is None else progress.confusion
    shares = [None if math.isnan(share) else round(share, 3) for share in class_accuracy(counts).tolist()]
    rows, columns = np.nonzero(counts)
    cells = [[int(a), int(b), int(counts[a, b])] for a, b in zip(rows, columns, strict=True)]
    which = "all validation images" if progress.whole else f"a sample of {int(counts.sum())} validation images"
    note = f"Rows: what it is. Columns: what it is read as. {which[0].upper()}{which[1:]}."
    return {
        "names": names,
        "accuracy": shares,
        "cells": cells,
        "sums": counts.sum(axis=1).tolist(),
        "note": note if cells else "",
        "errors": confusions(progress),
        "alt": f"Matrix of what is taken for what, {which}. {_mixed_up(progress)}",
    }


def confusions(progress: Progress, most: int = 5) -> list[str]:
    """The most frequent errors in words."""
    if progress.confusion is None:
        return []
    names, sums = progress.classes, progress.confusion.sum(axis=1)
    return [
        f"{spoken(names[truth])} read as {spoken(names[answer])}: {count} of {sums[truth]}"
        for truth, answer, count in frequent_confusions(progress.confusion, most)
    ]


def _mixed_up(progress: Progress) -> str:
    words = confusions(progress, 1)
    return f"Most frequent error: {words[0]}." if words else "No errors."


def drawing(readings: list[Reading], names: list[str], passes: int, sentence: str) -> dict:
    """See ``live.drawing``; ``readings`` are those of the drawing of the moment."""
    readings = guesses(readings)
    colours = class_colours(len(names))
    moments, labels = [], []
    for i, reading in enumerate(readings):
        top = int(reading.probabilities.argmax())
        until = readings[i + 1].x if i + 1 < len(readings) else min(reading.x + passes / 200, passes)
        moments.append(
            [round(reading.x, 4), round(until, 4), names[top], float(reading.probabilities[top]), colours[top]]
        )
        # A letter stands where a new guess begins, if there is room since the last one.
        if not labels or (labels[-1][1] != names[top] and reading.x - labels[-1][0] > passes / 30):
            labels.append([reading.x, names[top], colours[top]])
    best = []
    if readings:
        order = np.argsort(-readings[-1].probabilities)[:5]
        best = [[names[i], float(readings[-1].probabilities[i])] for i in order]
    story = " then ".join(dict.fromkeys(label for _, label, _ in labels)) or "nothing yet"
    return {
        "letter": best[0][0] if best else "",
        "best": best,
        "moments": moments,
        "names": labels,
        "passes": max(passes, 1),
        "sentence": sentence,
        "alt": f"What the network took the drawing for, from the first pass to the last: {story}.",
    }
