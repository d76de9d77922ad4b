"""Blindfold's core: what face embeddings reveal, measured without any user interface."""

__version__ = "0.1.0"
