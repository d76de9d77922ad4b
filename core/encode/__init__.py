"""Encode: from pictures to vectors, one file an encoder."""

from core.encode.embeddings import Embeddings

__all__ = ["Embeddings"]
