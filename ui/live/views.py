"""What the live views show, made of a run's ``Progress``: plain numbers and sentences."""

import math

import numpy as np

from hcr_core.alphabet import spoken
from hcr_core.training.config import TrainingConfig
from hcr_core.training.job import ENDED
from hcr_core.training.progress import Progress, Reading, class_accuracy, frequent_confusions, guesses
from ui.figures import class_colours
from ui.image_views import sprite_sheet
from ui.reading import percent
from ui.shares import precisely

TRAINING, VALIDATION = "#d9793f", "#5b74e8"
#: A loss below this is as good as none.
_LEAST_LOSS = 0.01
#: Passes that the curves of a longer run have room for at first.
_LEAST_AXIS = 4
_LOSS_TICKS = (0.01, 0.03, 0.1, 0.3, 1, 3, *(10.0**power for power in range(1, 39)))


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


def sentence(state: str, said: dict, progress: Progress, config: TrainingConfig) -> str:
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
            return _ended(progress, config) + _best(progress, config)
        case "stopped":
            where = _in_pass(progress, config)
            return f"Stopped{where}. Resume goes on exactly where it was." if where else "Stopped before it began."
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
    looked_at = 100 if progress.confusion is None else int(progress.confusion.sum())
    # Of five, a share of a hundred would claim to be known better than it is.
    of, images = ("the ", looked_at) if 0 < looked_at < 100 else ("", 100)
    return f"Of {of}{images} characters it was never shown, it now reads {math.floor(images * right + 0.5)} right."


def _in_pass(progress: Progress, config: TrainingConfig) -> str:
    """Where in the training it is, as part of a sentence; nothing before its first step."""
    if not progress.batch and not progress.history:
        return ""
    passes, x = planned(progress, config), progress.x
    return f" after pass {x:.0f} of {passes}" if x == int(x) else f" in pass {math.floor(x) + 1} of {passes}"


def _ended(progress: Progress, config: TrainingConfig) -> str:
    """How a finished run came to its end: as planned, with nothing left to gain, or stopped by somebody."""
    done, passes = len(progress.history), planned(progress, config)
    if not progress.end or done >= passes:
        return "Finished: "
    patience, best = config.recipe.early_stopping, progress.end["summary"]["best_epoch"]
    if patience and done - best >= patience:
        return f"Finished after {done} of {passes} passes, as the last {done - best} brought nothing better: "
    state = f"the state after pass {best}, its best" if best else "what it knew"
    return f"Stopped early{_in_pass(progress, config)}, and a model made of {state}: "


def _best(progress: Progress, config: TrainingConfig) -> str:
    best = progress.best
    if not best:
        return "no pass over the data was complete, so how well it reads was not measured."
    images = int(progress.confusion.sum())
    share = f"it reads {percent(best['val_accuracy'])} right of {images:,} images that it was not trained on"
    # What is best of several on these images reads others a little worse; of an adaptation they choose nothing.
    if len(progress.history) > 1 and not config.base:
        share += " (the same images chose the pass)"
    if best["val_accuracy"] < 1.3 / max(len(progress.classes), 1):
        return f"{share}, hardly more than by guessing. Other settings may help: a lower learning rate, more passes."
    return f"{share}."


def latest_accuracy(progress: Progress) -> float | None:
    """Share of the validation images that is right now, or ``None`` before the first look."""
    points = progress.sampled.points()
    return float(points[-1, 1]) if len(points) else None


def header(state: str, said: dict, progress: Progress, config: TrainingConfig) -> dict:
    """See ``live.header``."""
    passes = planned(progress, config)
    # A run that was ended early is not shown as a whole one.
    whole = state == "finished" and not (progress.end and len(progress.history) < passes)
    return {
        "state": state,
        "sentence": sentence(state, said, progress, config),
        "fraction": 1.0 if whole else round(min(1.0, progress.x / max(passes, 1)), 4),
        "passes": passes,
        "numbers": _ended_numbers(progress, passes) if progress.end else _numbers(progress, passes, state),
    }


def planned(progress: Progress, config: TrainingConfig) -> int:
    """Passes over the data that were asked for."""
    return progress.start.get("epochs", config.recipe.epochs)


def _numbers(progress: Progress, passes: int, state: str) -> list[tuple[str, str]]:
    batch, right, best = progress.batch, latest_accuracy(progress), progress.best
    current = min(math.floor(progress.x) + 1, passes) if progress.start else 0
    if state in ENDED:
        # Two figures of the same validation images: at the last look, often of a sample, and after a whole pass.
        best_pass = [(f"after pass {best['epoch']}, its best", _share(best["val_accuracy"]))] if best else []
        last = ("right on unseen images, last look", _share(right))
        return [last, *best_pass, ("pass over the data", f"{current} of {passes}")]
    speed = batch.get("images_per_second")
    going = batch and state in ("training", "paused")
    return [
        ("right on unseen images", _share(right)),
        ("pass over the data", f"{current} of {passes}"),
        ("left", roughly(batch["seconds_left"]) if going else "–"),
        ("images a second", f"{speed:,.0f}" if speed and state == "training" else "–"),
    ]


def _ended_numbers(progress: Progress, passes: int) -> list[tuple[str, str]]:
    summary = progress.end["summary"]
    best = summary["best_epoch"]
    if summary["epochs"] < passes:
        which = [("best pass", str(best or "–")), ("whole passes", f"{summary['epochs']} of {passes}")]
    else:
        which = [("best pass", f"{best} of {summary['epochs']}")]
    numbers = [
        ("right on unseen images", _share(summary["val_accuracy"])),
        ("right in training", _share(summary["accuracy"])),
        ("validation loss", _figure(summary["val_loss"])),
        ("training loss", _figure(summary["loss"])),
        ("training time", duration(summary["seconds"])),
        *which,
        ("images a second", f"{summary['images_per_second']:,.0f}" if summary["images_per_second"] else "–"),
    ]
    # Nothing will be measured any more: a row of dashes would only hide what there is.
    return [(title, figure) for title, figure in numbers if figure != "–"]


def _share(value: float | None) -> str:
    return "–" if value is None else precisely(value)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def axis(progress: Progress, passes: int) -> int:
    """Passes that the curves have room for: as far as it came, doubled now and then up to all that are planned.

    A few passes of many would be a scratch at the left edge; an axis that grew with every look would never rest.
    """
    ends = [points[-1, 0] for points in (progress.training.points(), progress.sampled.points()) if len(points)]
    reached = max([progress.x, *ends])
    if progress.end:
        return max(math.ceil(reached), 1)
    room = _LEAST_AXIS
    while room < reached:
        room *= 2
    return max(min(room, passes), 1)


def curves(progress: Progress, passes: int) -> dict:
    """See ``live.curves``."""
    batches, sampled, history = progress.training.points(), progress.sampled.points(), progress.history
    # Guessing gives a loss of ln(classes); a bad start is a little above.
    most = max(1.0, 1.3 * math.log(max(len(progress.classes), 2)))
    worst = max((max(epoch["loss"], epoch["val_loss"]) for epoch in history), default=0.0)
    if worst > most:  # much too high a learning rate
        most = 10.0 ** math.ceil(math.log10(worst))

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
    losses = [[value, f"{value:g}"] for value in _LOSS_TICKS if value <= most][-6:]
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
    if progress.end and progress.best:
        which += f", after pass {progress.best['epoch']}, the best"
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


def drawing(readings: list[Reading], names: list[str], passes: int, sentence: str, *, room: bool) -> dict:
    """See ``live.drawing``; ``readings`` are those of the drawing of the moment.

    For what it thought from pass to pass, ``room`` is kept before anything came where something will.
    """
    readings = guesses(readings)
    colours = class_colours(len(names))
    moments, labels = [], []
    for i, reading in enumerate(readings):
        top = int(reading.probabilities.argmax())
        until = readings[i + 1].x if i + 1 < len(readings) else min(reading.x + passes / 200, passes)
        begin = min(reading.x, until - passes / 200)  # seen, too, where it came at the very end
        moments.append([round(begin, 4), round(until, 4), names[top], float(reading.probabilities[top]), colours[top]])
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
        "room": room or len(readings) > 1,
        "sentence": sentence,
        "alt": f"What the network took the drawing for, from the first pass to the last: {story}.",
    }
