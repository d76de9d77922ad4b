"""Figures from tables: one file a study, the same look on every page and in the report."""
