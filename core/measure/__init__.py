"""Figures about vectors: scores, intervals, nulls, verification, collapse."""
