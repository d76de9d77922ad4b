"""The public sets that can be read as they were downloaded: one record each.

A preset says where the set comes from and under which terms; they are shown with every result.
`recognise` is what `auto` asks: it says yes where names or lists could hardly be another set's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from core.faces import listed_sets, named_sets
from core.faces.folder import Tree
from core.faces.found import Found, share


@dataclass(frozen=True)
class Preset:
    """One public set: how it is recognised and read, where it comes from, what it may serve."""

    key: str
    title: str
    source: str
    licence: str
    example: str
    fits: Callable[[Tree], bool]
    read: Callable[[Tree], Found]


def _names(pattern: re.Pattern[str]) -> Callable[[Tree], bool]:
    """A test: more than nine in ten pictures are named so."""

    def fits(tree: Tree) -> bool:
        return share(tree.pictures, pattern) > 0.9

    return fits


def _holds(*names: str) -> Callable[[Tree], bool]:
    """A test: a list of this name lies in the set."""

    def fits(tree: Tree) -> bool:
        return tree.named(*names) is not None

    return fits


_RESEARCH = "Research use only; ask its owners for a copy, and do not pass pictures on."

PRESETS: dict[str, Preset] = {
    preset.key: preset
    for preset in (
        Preset(
            "celeba",
            "CelebA",
            "Liu, Luo, Wang and Tang 2015; mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
            "Non-commercial research only; the pictures belong to others and may not be passed on.",
            "list_attr_celeba.txt beside 000001.jpg",
            _holds("list_attr_celeba.txt", "list_attr_celeba.csv"),
            listed_sets.celeba,
        ),
        Preset(
            "fairface",
            "FairFace",
            "Kärkkäinen and Joo 2021; github.com/joojs/fairface",
            "CC BY 4.0.",
            "fairface_label_train.csv beside train/1.jpg",
            _holds("fairface_label_train.csv", "fairface_label_val.csv"),
            listed_sets.fairface,
        ),
        Preset(
            "diveface",
            "DiveFace",
            "Morales, Fierrez, Vera-Rodriguez and Tolosana 2021; github.com/BiDAlab/DiveFace",
            "Non-commercial research only; the pictures come from MegaFace, which is retired.",
            "HA4K_120/100016927@N02_identity_1/9469948405_7.jpg",
            listed_sets.is_diveface,
            listed_sets.diveface,
        ),
        Preset(
            "ckplus",
            "CK+",
            "Lucey, Cohn, Kanade, Saragih, Ambadar and Matthews 2010",
            _RESEARCH,
            "cohn-kanade-images/S005/001/S005_001_00000011.png",
            _names(listed_sets.CKPLUS),
            listed_sets.ckplus,
        ),
        Preset(
            "lfw",
            "Labeled Faces in the Wild",
            "Huang, Ramesh, Berg and Learned-Miller 2007; vis-www.cs.umass.edu/lfw",
            "No licence is stated; press photographs of people who were not asked. Research only.",
            "Aaron_Eckhart/Aaron_Eckhart_0001.jpg",
            listed_sets.is_lfw,
            listed_sets.lfw,
        ),
        Preset(
            "jaffe",
            "JAFFE",
            "Lyons, Akamatsu, Kamachi and Gyoba 1998; doi.org/10.5281/zenodo.3451524",
            "Non-commercial research only; its terms say which pictures may be printed.",
            "KA.AN1.39.tiff",
            _names(named_sets.JAFFE),
            named_sets.jaffe,
        ),
        Preset(
            "yale",
            "Yale Face Database",
            "Belhumeur, Hespanha and Kriegman 1997",
            "Research use; pictures may not go into a larger database that is given to the public.",
            "subject01.happy.gif",
            named_sets.is_yale,
            named_sets.yale,
        ),
        Preset(
            "kdef",
            "KDEF",
            "Lundqvist, Flykt and Öhman 1998; kdef.se",
            _RESEARCH,
            "AF01/AF01ANS.JPG",
            _names(named_sets.KDEF),
            named_sets.kdef,
        ),
        Preset(
            "rafd",
            "Radboud Faces Database",
            "Langner, Dotsch, Bijlstra, Wigboldus, Hawk and van Knippenberg 2010; rafd.nl",
            _RESEARCH,
            "Rafd090_01_Caucasian_female_angry_frontal.jpg",
            _names(named_sets.RAFD),
            named_sets.rafd,
        ),
        Preset(
            "utkface",
            "UTKFace",
            "Zhang, Song and Qi 2017; susanqq.github.io/UTKFace",
            "Non-commercial research only; the pictures belong to others.",
            "25_0_1_20170109150557335.jpg",
            _names(named_sets.UTKFACE),
            named_sets.utkface,
        ),
        Preset(
            "london",
            "Face Research Lab London Set",
            "DeBruine and Jones 2017; doi.org/10.6084/m9.figshare.5047666",
            "CC BY 4.0.",
            "001_03.jpg",
            _names(named_sets.LONDON),
            named_sets.london,
        ),
        Preset(
            "cfee",
            "Compound Facial Expressions of Emotion (CFEE)",
            "Du, Tao and Martinez 2014; cbcsl.ece.ohio-state.edu",
            _RESEARCH,
            "01-04/Images1/01_126_3963.jpg",
            named_sets.is_cfee,
            named_sets.cfee,
        ),
    )
}
"""In the order in which `auto` asks: lists before names, distinctive names before plain ones."""

CHOICES = ("auto", "folder", "manifest", *sorted(PRESETS), "synthetic")
"""What `preset` may be."""


def recognise(tree: Tree) -> Preset | None:
    """The public set that `tree` looks like, or None."""
    return next((preset for preset in PRESETS.values() if preset.fits(tree)), None)
