"""Classifiers that decide something about a face, and what can be done to them instead of φ."""
