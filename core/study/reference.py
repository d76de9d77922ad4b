"""The reference split: one φ a method, for whatever shows single vectors.

METHODS, "Protocol" 2: 30 / 30 / 40 per cent of people for suppressor, attacker and test. Maps of
vectors, hidden layers and what is exported show the φ of this split, and are judged on its test
people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.encode.embeddings import Embeddings
from core.split import Split
from core.study.protocol import reference_of
from core.study.representation import Representation
from core.study.suppressing import Outcome


@dataclass(frozen=True)
class Reference:
    """`split` deals the rows of `x`; `representations` are x and each φ as that split sees them.

    Their `vectors(0)` hold all faces of x; which of them may be shown is for `split.test` to say.
    """

    x: Embeddings
    split: Split
    representations: Mapping[str, Representation]


def reference(x: Embeddings, outcome: Outcome, activations: Embeddings | None) -> Reference:
    """x and every φ that the reference split has, in the order that they were asked for.

    Fitted methods give the fit of the reference split, which is the one that is exported;
    `activations` of the same faces serve those that read these. A φ that was brought, and obscured
    faces, are the same in every split. A method without a fit there is left out.
    """
    found = {"x": Representation(x)}
    for one in outcome.found:
        if one.representation is None:
            continue
        if one.name in outcome.kept:
            fit, _ = outcome.kept[one.name]
            read = activations if fit.reads == "activations" else x
            assert read is not None, "a suppressor that reads activations was fitted without any"
            phi = fit.transform(read.x)
            found[one.name] = Representation.of_one(x, phi, 1, fit.transform)
        elif one.representation.single:
            found[one.name] = Representation.of_one(x, one.representation.vectors(0), 1)
    return Reference(x, reference_of(x), found)
