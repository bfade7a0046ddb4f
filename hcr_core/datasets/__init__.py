"""Data sets: what there is, and how each is read, imported, downloaded and exported."""

from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.imported import import_dataset, preview, remove
from hcr_core.datasets.registry import ENTRIES, Dataset, Entry, available, load

__all__ = ["ENTRIES", "Dataset", "DatasetError", "Entry", "available", "import_dataset", "load", "preview", "remove"]
