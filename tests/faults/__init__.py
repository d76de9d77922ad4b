"""Faults put into real workers at chosen moments, and what must hold after each.

`python -m tests.faults` runs them all and prints a table; docs/faults.md says what was tried and
what came of it. A case is one (kind, phase, seed): the kind says what goes wrong, the phase and the
seed when. The worker is the product's own, started as the product starts it; `site/` lies on its
PYTHONPATH, and what is there counts moments, and at the chosen one does what the plan says.
"""
