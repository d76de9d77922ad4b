"""The fastest exact estimator at hand: scikit-learn-intelex where it has a wheel.

Estimators are imported by name; scikit-learn itself is never patched.
"""

from __future__ import annotations

import importlib
import logging
import warnings
from functools import cache
from typing import Any

log = logging.getLogger(__name__)

# It says that n_jobs means nothing to a fit in a thread of its own, which is how ours are fitted.
warnings.filterwarnings("ignore", message="'Threading' parallel backend is not supported")


@cache
def estimator(module: str, name: str) -> Any:
    """The class `name` of `sklearn.<module>`, from `sklearnex.<module>` where that is installed."""
    try:
        return getattr(importlib.import_module(f"sklearnex.{module}"), name)
    except (ImportError, AttributeError, OSError):
        log.info("scikit-learn-intelex is not installed: %s comes from scikit-learn", name)
        return getattr(importlib.import_module(f"sklearn.{module}"), name)
