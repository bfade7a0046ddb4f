"""The ``train`` command: start a run, or take one up again, and follow it."""

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from hcr_core.model_store import check_name, check_own_name, user_store
from hcr_core.training import job
from hcr_core.training.architectures import ARCHITECTURES
from hcr_core.training.augmentation import STRENGTHS
from hcr_core.training.config import OPTIMIZERS, PRECISIONS, SCHEDULES, TrainingConfig, TrainingError
from hcr_core.training.data import count
from hcr_core.training.job import ENDED, Run

#: Options that change the architecture's own recipe.
_RECIPE = (
    *("epochs", "batch", "optimizer", "learning_rate", "schedule", "augment", "validation", "early_stopping"),
    *("label_smoothing", "balance"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--name", help="what the new model is called")
    task.add_argument("--resume", metavar="MODEL", help="go on with the latest run of that name")
    task.add_argument("--finish", metavar="MODEL", help="make a model of a stopped run's best epoch")
    parser.add_argument(
        "--data", default="emnist62,unipen", help="data sets, your own too, joined by commas (default: %(default)s)"
    )
    parser.add_argument("--architecture", default="compact", help=f"{', '.join(ARCHITECTURES)} (default: %(default)s)")
    parser.add_argument("--classes", default="", help="digits, letters, uppercase, lowercase, or labels: ABC or A,B,C")
    parser.add_argument("--limit", type=int, default=0, help="at most so many samples of each data set")
    parser.add_argument(
        "--seed", type=int, default=1, help="the same seed gives the same samples and start (default: %(default)s)"
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="float32",
        help="mixed_bfloat16 is faster on processors with AVX512-BF16 or AMX (default: %(default)s)",
    )
    parser.add_argument("--force", action="store_true", help="replace a model of that name")
    parser.add_argument("--store", type=Path, help="folder of models to save to (default: your own)")
    parser.add_argument("--run-folder", type=Path, help="where the run keeps its log and checkpoints")
    parser.add_argument("--json", action="store_true", help="print the run's last event and nothing else")
    recipe = parser.add_argument_group("instead of the architecture's own recipe")
    recipe.add_argument("--epochs", type=int, help="how often all samples are gone through")
    recipe.add_argument("--batch", type=int, help="samples a step")
    recipe.add_argument("--learning-rate", type=float, help="of the optimizer, at its highest")
    recipe.add_argument("--optimizer", choices=OPTIMIZERS, help="what changes the weights")
    recipe.add_argument("--schedule", choices=SCHEDULES, help="of the learning rate")
    recipe.add_argument("--augment", choices=STRENGTHS, help="how far samples are varied")
    recipe.add_argument("--early-stopping", type=int, metavar="EPOCHS", help="end after so many without improvement")
    recipe.add_argument("--validation", type=float, metavar="SHARE", help="held back where there is no such part")
    recipe.add_argument("--label-smoothing", type=float, help="share of a label spread over all classes, 0 to below 1")
    recipe.add_argument("--balance", type=float, help="0: classes as they are, 1: all alike")


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    if options.resume or options.finish:
        work = job.find(options.resume or options.finish)
        offset = work.events()[1]
        work.resume() if options.resume else work.finish()
    else:
        work, offset = job.start(_config(options), options.run_folder), 0
    out = sys.stderr if options.json else sys.stdout
    # As Ctrl-C: whoever ends the command means the training.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    last = _follow(work, offset, lambda text: print(text, file=out, flush=True))
    if work.state() == "failed":
        print(f"hcr_core: {last['reason']}", file=sys.stderr)
    if options.json:
        print(json.dumps(last, ensure_ascii=False))
    return 0 if work.state() == "finished" else 1


def _config(options: argparse.Namespace) -> TrainingConfig:
    check_name(options.name) if options.store else check_own_name(options.name)
    store = (options.store or user_store()).resolve()
    if (store / options.name).exists() and not options.force:
        raise TrainingError(f"there is a model {options.name} in {store} already: --force replaces it")
    if options.run_folder and options.run_folder.exists():
        raise TrainingError(f"{options.run_folder} is there already: --resume goes on with a run")
    names = tuple(name.strip() for name in options.data.split(","))
    return TrainingConfig.of(
        options.name,
        names,
        options.architecture,
        samples=count(names, options.classes, options.limit),
        changes={key: getattr(options, key) for key in _RECIPE},
        classes=options.classes,
        seed=options.seed,
        precision=options.precision,
        limit=options.limit,
        store=str(store),
    )


def _follow(work: Run, offset: int, say: Callable[[str], None]) -> dict:
    """Report what a run does until it ends; returns its ``end`` event or its last state. Ctrl-C asks it to stop."""
    last = {}
    while True:
        try:
            ended = work.state() in ENDED  # looked at first, so that no event is missed
            events, offset = work.events(offset)
            for event in events:
                if event["event"] in _LINES:
                    say(_LINES[event["event"]](event, work))
                if event["event"] in ("end", "state") and last.get("event") != "end":
                    last = event
            if ended:
                break
            time.sleep(0.2)
        except KeyboardInterrupt:
            say("stopping ...")
            work.ask("stop")
    if work.state() == "interrupted":
        say(f"ended from outside: `train --resume {work.config.name}` goes on from the last checkpoint")
        return last | {"state": "interrupted"}
    return last


def _state_line(event: dict, work: Run) -> str:
    name = work.config.name
    match event["state"]:
        case "waiting":
            return f"waiting for run {event['behind']} to end"
        case "failed":
            return "failed"
        case "stopped" if event["step"] == 0 and event["epoch"] == 1:
            return f"stopped before it began: `train --resume {name}` starts it"
        case "stopped":
            return (
                f"stopped in epoch {event['epoch']}: `train --resume {name}` goes on, "
                f"`train --finish {name}` makes a model of the best epoch"
            )
    return event["state"]


def _start_line(event: dict, work: Run) -> str:
    epochs = "1 epoch" if event["epochs"] == 1 else f"{event['epochs']:,} epochs"
    return (
        f"run {work.id}: {event['samples']:,} samples of {len(event['classes'])} classes, "
        f"{event['parameters']:,} parameters, {epochs}"
    )


def _epoch_line(event: dict, work: Run) -> str:
    return (
        "epoch {epoch}/{of}: {seconds:.1f} s, {images_per_second:,} images/s, "
        "loss {loss:.4f}, accuracy {accuracy:.2%}, validation loss {val_loss:.4f}, accuracy {val_accuracy:.2%}".format(
            **event
        )
    )


def _end_line(event: dict, work: Run) -> str:
    saved = f", saved as {event['model']}" if event["model"] else ""
    best = event["summary"]["best_epoch"]
    # A run that was stopped in its first epoch has no best one.
    lines = [(f"epoch {best} is kept" if best else "no epoch was complete: what was learned so far is kept") + saved]
    for name, figures in event["card"]["held_out"].items():
        lines.append(f"{name} test: {figures['accuracy']:.2%} of {figures['images']:,} right")
    return "\n".join(lines)


_LINES = {"state": _state_line, "start": _start_line, "epoch": _epoch_line, "end": _end_line}
