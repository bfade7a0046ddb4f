"""Loading a CSV of 372,450 images, as large as the A-Z set, beside plain pandas as tutorials do it.

Run: ``python -m benchmarks.csv_import [ROWS]``. The CSV (about 0.7 GB) and everything made of it lie
in a temporary folder; every measurement is a process of its own, imports not counted in its seconds,
everything counted in its peak of resident memory. pandas and the first load take turns; told are the medians.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROWS, TURNS = 372_450, 3
#: How much faster and smaller than pandas the first load has to be, and how fast every later one.
FASTER, SMALLER, LATER_SECONDS = 4, 5, 0.3

_MEASURE = """
import json, resource, sys, time
path = sys.argv[1]
{imports}
started = time.perf_counter()
{work}
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**10 if sys.platform == "linux" else 2**20)
print(json.dumps({{"seconds": seconds, "megabytes": peak}}))
"""
_PANDAS = {"imports": "import pandas as pd", "work": 'rows = pd.read_csv(path).astype("float32")'}
_FIRST = {
    "imports": "from hcr_core.datasets import import_dataset",
    "work": 'rows = import_dataset(path, "benchmark", "first")',
}
_LATER = {
    "imports": "from hcr_core.datasets import load",
    "work": 'rows = load("benchmark"); rows.images[::5000].sum()',
}


def write_csv(path: Path, rows: int) -> None:
    """A header, then a label 0-25 and 784 pixels a row, a fifth of them ink as in the A-Z set."""
    import polars as pl

    rng = np.random.default_rng(0)
    columns = ["label", *(f"pixel{i}" for i in range(784))]
    with open(path, "wb") as file:
        for start in range(0, rows, 10_000):
            count = min(10_000, rows - start)
            table = rng.integers(1, 256, (count, 785), dtype=np.uint8)
            table[rng.random((count, 785)) > 0.2] = 0
            table[:, 0] = rng.integers(0, 26, count)
            pl.from_numpy(table, columns, orient="row").write_csv(file, include_header=start == 0)


def measure(script: dict[str, str], path: Path) -> tuple[float, float]:
    """Seconds and peak megabytes of a piece of work in a process of its own."""
    command = [sys.executable, "-c", _MEASURE.format(**script), str(path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    return told["seconds"], told["megabytes"]


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "letters.csv"
        os.environ["HCR_IMPORTED_DIR"] = str(Path(folder) / "imported")
        write_csv(path, rows)
        print(f"{rows:,} rows x 785 columns, {path.stat().st_size / 2**20:,.0f} MB")
        print(f"{'':<24} {'seconds':>8} {'peak MB':>8}")
        work = {"pandas float32": _PANDAS, "first load": _FIRST, "later load": _LATER}
        turns = [[measure(script, path) for script in work.values()] for _ in range(TURNS)]
    found = np.median(np.array(turns), axis=0)
    for name, (seconds, megabytes) in zip(work, found, strict=True):
        print(f"{name:<24} {seconds:8.3f} {megabytes:8,.0f}")
    (faster, smaller), later = found[0] / found[1], found[2, 0]
    print(f"first load {faster:.1f} times faster (wanted {FASTER}), {smaller:.1f} times smaller (wanted {SMALLER})")
    print(f"later loads {later:.3f} s (wanted {LATER_SECONDS})")
    sys.exit(not (faster >= FASTER and smaller >= SMALLER and later < LATER_SECONDS))


if __name__ == "__main__":
    main()
