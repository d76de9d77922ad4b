"""Faces: sets of pictures with labels, read lazily from wherever a person keeps them."""

from core.faces.faceset import FaceSet, Picture, Problem, Source

__all__ = ["FaceSet", "Picture", "Problem", "Source"]
