"""The licences of all dependencies and data sets, as ``docs/licences.md``.

Run: ``python -m benchmarks.licences > docs/licences.md``. Dependencies by their installed metadata, those that
``requirements.txt`` names and those that they need; data sets by the registry.
"""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from hcr_core.datasets import ENTRIES

_ROOT = Path(__file__).resolve().parent.parent


def _needed() -> dict[str, Distribution]:
    """All installed packages that the app needs, by name."""
    lines = (_ROOT / "requirements.txt").read_text().splitlines()
    open_, found = [line.split("==")[0] for line in lines if line and not line.startswith("#")], {}
    while open_:
        name = re.sub(r"[-_.]+", "-", open_.pop()).lower()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # for another system or Python
        for text in found[name].requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                open_.append(requirement.name)
    return dict(sorted(found.items()))


def _licence(package: Distribution) -> str:
    """By its expression, else its classifiers, else the first line of what it says."""
    metadata = package.metadata
    if expression := metadata.get("License-Expression"):
        return expression
    classifiers = [c.split(" :: ")[-1] for c in metadata.get_all("Classifier") or () if c.startswith("License")]
    named = [c for c in classifiers if c != "OSI Approved"]
    if named:
        return ", ".join(named)
    text = (metadata.get("License") or "").strip().splitlines()
    return text[0][:80] if text else "not stated in its metadata"


def main() -> None:
    print("# Licences\n\nMade by `python -m benchmarks.licences > docs/licences.md`.\n\n## Dependencies\n")
    print("| package | version | licence |\n|---|---|---|")
    for name, package in _needed().items():
        print(f"| {name} | {package.version} | {_licence(package).replace('|', '/')} |")
    print("\n## Data\n\nNone of it is in this repository but what is said to be bundled.\n")
    print("| data set | licence and credit | described at |\n|---|---|---|")
    for entry in ENTRIES.values():
        where = entry.homepage or ("drawn by code here" if entry.synthetic else "–")
        print(f"| `{entry.name}` | {entry.licence.replace('|', '/')} | {where} |")


if __name__ == "__main__":
    main()
