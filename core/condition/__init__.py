"""Conditions of `--fail-if`: their text, their tree and the figures that they ask for."""
