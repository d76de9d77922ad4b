"""The parts of a report, one file each; those of a study carry the study's name."""
