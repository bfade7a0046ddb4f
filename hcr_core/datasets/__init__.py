"""Data sets: what there is, and how each is read."""

from hcr_core.datasets.errors import DatasetError
from hcr_core.datasets.registry import ENTRIES, Dataset, load

__all__ = ["ENTRIES", "Dataset", "DatasetError", "load"]
