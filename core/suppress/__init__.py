"""Suppressors: one file a method."""
