"""The folders that data sets are read from and kept in.

``HCR_DATA_DIR``: original files, one folder per data set; ``data get`` downloads to it.
``HCR_CACHE_DIR``: what was read once, as memory-mapped arrays; may be deleted at any time.
``HCR_IMPORTED_DIR``: the user's own data sets. It is not in the cache, because nothing brings
them back, nor in ``HCR_DATA_DIR``, because that can be a shared folder which is only read.
``HCR_CORRECTIONS_DIR``: what visitors of this machine wrote and corrected, see ``corrections``.
"""

import os
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

_APP = "hcr-studio"


def data_folder() -> Path:
    """``HCR_DATA_DIR``, or ``data`` in the user's cache directory; need not exist."""
    configured = os.environ.get("HCR_DATA_DIR")
    return Path(configured) if configured else user_cache_path(_APP) / "data"


def cache_folder() -> Path:
    """``HCR_CACHE_DIR``, or the user's cache directory, with ``datasets`` below; need not exist."""
    configured = os.environ.get("HCR_CACHE_DIR")
    return (Path(configured) if configured else user_cache_path(_APP)) / "datasets"


def evaluations_folder() -> Path:
    """``evaluations`` beside the cached data sets: what models answered to them; may be deleted."""
    return cache_folder().parent / "evaluations"


def imported_folder() -> Path:
    """``HCR_IMPORTED_DIR``, or ``datasets`` in the user's data directory; need not exist."""
    configured = os.environ.get("HCR_IMPORTED_DIR")
    return Path(configured) if configured else user_data_path(_APP) / "datasets"


def corrections_folder() -> Path:
    """``HCR_CORRECTIONS_DIR``, or ``corrections`` in the user's data directory; need not exist."""
    configured = os.environ.get("HCR_CORRECTIONS_DIR")
    return Path(configured) if configured else user_data_path(_APP) / "corrections"
