"""Studies: the only place that knows in which order the rooms are walked through."""
