"""Measure a shipped model's held-out figures again and write them on its card.

Needed when the photo path changed and the model did not. Run:
``HCR_DATA_DIR=... python -m benchmarks.update_card [MODEL]``.
"""

import json
import sys

from hcr_core import Recognizer
from hcr_core.datasets import load
from hcr_core.evaluation import evaluate
from hcr_core.model_store import CARD, SHIPPED


def main() -> None:
    recognizer = Recognizer.load(*sys.argv[1:2])
    figures = {name: evaluate(recognizer.classify, load(name, "test")) for name in recognizer.card["held_out"]}
    text = json.dumps(recognizer.card | {"held_out": figures}, indent=2, ensure_ascii=False)
    (SHIPPED / recognizer.name / CARD).write_text(text + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
