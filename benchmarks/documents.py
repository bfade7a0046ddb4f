"""The five tutorials' networks by their own recipes, on the data they were published for as far as it is at hand.

Run: ``HCR_DATA_DIR=... python -m benchmarks.documents [ARCHITECTURE ...]``. Prints a row a network: what was
published beside what is reached here. The test images are looked at once, after the epoch was chosen by validation.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from hcr_core.training import job
from hcr_core.training.architectures import ARCHITECTURES
from hcr_core.training.config import TrainingConfig
from hcr_core.training.data import count

#: Network to data set and classes. The A-Z CSV and NIST SD19 itself are not at hand: the capitals of
#: emnist62, which come from NIST's forms too but are far fewer, stand in for both.
_DATA = {
    "az-cnn": ("emnist62", "uppercase"),
    "mlp-sigmoid": ("emnist62", "uppercase"),
    "mnist-cnn": ("mnist", ""),
    "mlp-256": ("mnist", ""),
    "mnist-cnn-128": ("mnist", ""),
}


def _row(name: str, folder: Path) -> str:
    data, classes = _DATA[name]
    samples = count((data,), classes)
    run = job.start(TrainingConfig.of("document", (data,), name, classes=classes, samples=samples), folder)
    while run.state() not in job.ENDED:
        time.sleep(0.5)
    events = run.events()[0]
    first = next(event for event in events if event["event"] == "epoch")
    end = next(event for event in events if event["event"] == "end")
    summary, test = end["summary"], end["card"]["held_out"][data]
    return (
        f"| `{name}` | {data} {classes}, {samples:,} | {ARCHITECTURES[name].published} | {first['val_accuracy']:.2%} "
        f"| {summary['accuracy']:.2%} | {summary['val_accuracy']:.2%}, {summary['val_loss']:.3f} "
        f"| **{test['accuracy']:.2%}** of {test['images']:,} | {summary['best_epoch']} of {summary['epochs']} "
        f"| {summary['seconds'] / 60:.1f} min |"
    )


def main() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print("| network | data | published | first epoch | training | validation, loss | test | epoch | time |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[1:] or _DATA:
            print(_row(name, Path(folder) / name), flush=True)


if __name__ == "__main__":
    main()
