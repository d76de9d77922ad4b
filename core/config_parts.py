"""The parts that the settings of an audit are made of, one model a block of `audit.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    field_validator,
    model_validator,
)

from core.suppress.kinds import KINDS


def _some_text(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        raise ValueError("is empty: write a name, or leave the key out")
    if isinstance(value, str) and any(ord(letter) < 32 for letter in value):
        raise ValueError("holds a line break or another control character: use plain text")
    return value


def listed(value: Any) -> Any:
    """A list is kept as a tuple, since settings are frozen; one text is a list of one.

    A name given twice counts once: nothing is attacked, or studied, a second time.
    """
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list | tuple):
        return value
    names = all(isinstance(one, str) for one in value)
    return tuple(dict.fromkeys(value)) if names else tuple(value)


Text = Annotated[str, BeforeValidator(_some_text), Field(max_length=4096)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(listed), Field(max_length=1000)]


def whole(default: int | None, least: int, most: int) -> Any:
    """A field for a whole number from `least` to `most`; text and true are no numbers."""
    return Field(default, strict=True, ge=least, le=most)


def real(default: float | None, least: float, most: float) -> Any:
    """A field for a finite number from `least` to `most`."""
    return Field(default, strict=True, ge=least, le=most)


class Frozen(BaseModel):
    """Unknown keys are errors; nothing changes once it has been read."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Splits(Frozen):
    """Overrides the look: `folds` groups of people, dealt `seeds` times."""

    folds: int = whole(5, 2, 20)
    seeds: int = whole(1, 1, 100)


class Obfuscate(Frozen):
    """One more representation: the same faces, made unclear.

    `size` is in pixels of the crop that the encoder sees: the side of a block, or twice the
    standard deviation of the blur. `path` is the folder, or the manifest, of paired pictures.
    """

    kind: Literal["blur", "pixelate", "paired"]
    size: int = whole(8, 2, 512)
    path: Text | None = None

    @model_validator(mode="after")
    def _path_where_paired(self) -> Self:
        if self.kind == "paired" and self.path is None:
            raise ValueError("is paired and has no path: say where the obfuscated faces are")
        if self.kind != "paired" and self.path is not None:
            raise ValueError(
                f"is {self.kind} and names the path '{self.path}', which only paired takes: leave "
                "out path, or write kind: paired"
            )
        return self

    @property
    def name(self) -> str:
        """The representation's name in tables, such as `x@blur8`."""
        return f"x@{self.kind}" + ("" if self.kind == "paired" else str(self.size))


FacePreset = Literal[
    "auto", "folder", "manifest", "cfee", "celeba", "diveface", "lfw", "jaffe", "yale", "ckplus",
    "kdef", "rafd", "utkface", "fairface", "london", "synthetic",
]  # fmt: skip


class Faces(Frozen):
    """A face set: where it is and how to read it."""

    path: Text | None = None
    preset: FacePreset = "auto"
    subject: Text = "subject_id"
    aligned: StrictBool = False
    where: dict[Text, tuple[str, ...]] = Field(default_factory=dict)
    obfuscate: Obfuscate | None = None

    @field_validator("where", mode="before")
    @classmethod
    def _where(cls, value: Any) -> Any:
        """Labels are text: `{age: 30}` means the class "30", and one class needs no brackets."""
        if not isinstance(value, Mapping):
            raise ValueError(
                "must be a mapping of columns to classes, as in {condition: [normal, happy]}"
            )
        return {column: _classes(column, wanted) for column, wanted in value.items()}

    @model_validator(mode="after")
    def _path_or_synthetic(self) -> Self:
        if self.preset == "synthetic" and self.path is not None:
            raise ValueError(
                f"names the path '{self.path}', but the synthetic set is drawn and has none: "
                "leave out path, or choose another preset"
            )
        if self.preset != "synthetic" and self.path is None:
            raise ValueError("has no path: say where the faces are, or use preset: synthetic")
        return self


def _classes(column: Any, wanted: Any) -> tuple[str, ...]:
    several = wanted if isinstance(wanted, list | tuple) else [wanted]
    if not several or any(
        isinstance(one, Mapping | list | tuple) or one is None for one in several
    ):
        raise ValueError(
            f"keeps no class of '{column}' or something that is none: list the classes"
        )
    return tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in several)


class Vectors(Frozen):
    """Vectors that somebody has already; `vector` and `subject` name columns."""

    path: Text
    vector: Text = "embedding"
    subject: Text = "subject_id"


def _three(value: Any) -> Any:
    if isinstance(value, list | tuple):
        if len(value) != 3:
            raise ValueError(f"is {list(value)}: give one number, or three, one a colour")
        return tuple(value)
    return (value,) * 3 if isinstance(value, int | float) and not isinstance(value, bool) else value


Channel = Annotated[float, Field(strict=True, ge=-1000, le=1000)]
Channels = Annotated[tuple[Channel, Channel, Channel], BeforeValidator(_three)]


def _align_word(value: Any) -> Any:
    return value.replace("_", "-").replace(" ", "-") if isinstance(value, str) else value


class Encoder(Frozen):
    """What turns faces into vectors. None means: as the encoder has it, or as its file tells."""

    kind: Literal[
        "auto", "synthetic", "pixels", "facenet-vggface2", "facenet-casia", "resnet50-vggface2",
        "onnx",
    ] = "auto"  # fmt: skip
    weights: Text | None = None
    size: int | None = whole(None, 8, 2048)
    mean: Channels | None = None
    std: Channels | None = None
    color: Literal["rgb", "bgr"] | None = None
    align: Annotated[
        Literal["five-points", "margin", "whole"], BeforeValidator(_align_word)
    ] | None = None  # fmt: skip

    @field_validator("color", mode="before")
    @classmethod
    def _color(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("std")
    @classmethod
    def _std(cls, value: Any) -> Any:
        if value is not None and min(value) <= 0:
            raise ValueError(f"is {list(value)}, and pictures are divided by it: use more than 0")
        return value


BROUGHT = ("given", "saved")
"""Kinds of suppressor that are not fitted here: a person's own φ, and a saved suppressor."""

if TYPE_CHECKING:
    SuppressorKind = str
else:
    SuppressorKind = Literal[(*KINDS, *BROUGHT)]  # as many as there are files of methods


class Suppressor(Frozen):
    """A method that takes a label out of the vectors, or vectors that one has been taken out of."""

    kind: SuppressorKind
    name: Text | None = None
    preset: Literal["default", "paper"] = "default"
    dial: float | None = real(None, 0, 1)
    layers: int | None = whole(None, 1, 10)
    detector: Literal["softmax", "dense"] | None = None
    primary_loss: Literal["triplet", "bce"] = "triplet"
    primary: Text = "identity"
    mode: Literal["adapter", "tail"] = "adapter"
    path: Text | None = None

    @model_validator(mode="after")
    def _path_where_brought(self) -> Self:
        if self.kind not in BROUGHT:
            if self.path is not None:
                raise ValueError(
                    f"is {self.kind} and names the path '{self.path}', which only "
                    f"{' and '.join(BROUGHT)} take: leave out path"
                )
            return self
        if self.path is None:
            what = "vectors" if self.kind == "given" else "folder OUT/suppressors/NAME"
            raise ValueError(f"is {self.kind} and has no path: say where its {what} are")
        others = self.model_fields_set - {"kind", "name", "path"}
        if others:
            raise ValueError(
                f"is {self.kind}, which is not fitted here and has no {min(others)}: keep kind, "
                "name and path"
            )
        return self

    @property
    def fitted(self) -> bool:
        """Whether it is fitted on people of this audit."""
        return self.kind not in BROUGHT


FIXED_ROLES = ("primary", "sensitive", "verification", "outside")
"""Roles that are no label's name."""


class Role(Frozen):
    """Another set for a single role; `pairs` lists what verification compares."""

    faces: Faces | None = None
    embeddings: Vectors | None = None
    pairs: Text | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.faces is None) == (self.embeddings is None):
            raise ValueError(
                f"gives {'both' if self.faces else 'neither of'} faces and embeddings: a role "
                "reads exactly one of them"
            )
        if self.faces is not None and self.faces.obfuscate is not None:
            raise ValueError("has faces.obfuscate, which only the audited set takes: leave it out")
        return self


class Ablation(Frozen):
    """Features taken away, in several orders."""

    points: int = whole(12, 2, 1000)
    repeats: int = whole(5, 1, 100)
    orders: Annotated[tuple[Literal["random", "most", "least"], ...], BeforeValidator(listed)] = (
        "random",
        "most",
        "least",
    )


class Projection(Frozen):
    """Maps of the vectors in two dimensions."""

    methods: Annotated[tuple[Literal["tsne", "umap"], ...], BeforeValidator(listed)] = (
        "tsne",
        "umap",
    )
    perplexity: float = real(30.0, 1, 1000)
    neighbors: int = whole(15, 2, 1000)


AutoOrCount = Literal["auto"] | Annotated[int, Field(strict=True, ge=1, le=10_000_000)]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Strength = Annotated[float, Field(strict=True, ge=0.5, le=1)]


class Fairness(Frozen):
    """Equality of opportunity under a bias of known strength."""

    target: Text = "auto"
    protected: Text = "auto"
    strengths: Annotated[tuple[Strength, ...], BeforeValidator(listed), Field(min_length=1)] = (
        0.5,
        0.7,
        0.9,
    )
    classifier: Literal["nn", "svm"] = "nn"
    repeats: int = whole(5, 1, 100)
    n_train: AutoOrCount = "auto"
    n_eval: AutoOrCount = "auto"
    phi: Literal["protected", "carried"] = "protected"


class ActionUnits(Frozen):
    """Action-unit detectors trained on skewed sets of people.

    `labels`: a CSV of py-feat or OpenFace, or a folder of these, instead of the set's own columns.
    """

    group: Text = "gender"
    trunk: Text = "auto"
    skew: Literal["auto"] | Share = "auto"
    labels: Text | None = None
    repeats: int = whole(5, 1, 100)


QUICK_ANONYMITY: Mapping[str, Any] = {"folds": 4, "images": 900, "rounds": 12}
"""What `preset: quick` fills in: fewer folds, pictures and rounds; all else is as in full."""
PAPER_ANONYMITY: Mapping[str, Any] = {"loss": "paper"}
"""What `preset: paper` fills in; the paper's α, β, rounds on YALE and folds are the defaults."""


class Anonymity(Frozen):
    """The six networks. `people`: at most so many take part, those with the most pictures."""

    preset: Literal["full", "quick", "paper"] = "full"
    rounds: int = whole(20, 1, 1000)
    alpha: float = real(0.5, 0, 1)
    beta: float = real(1.0, 0, 1000)
    loss: Literal["bounded", "paper"] = "bounded"
    folds: int = whole(10, 2, 50)
    images: int = whole(3000, 1, 1_000_000)
    people: int = whole(30, 2, 1000)

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, value: Any) -> Any:
        """A preset fills in only what nobody wrote."""
        presets = {"quick": QUICK_ANONYMITY, "paper": PAPER_ANONYMITY}
        if not isinstance(value, Mapping) or not isinstance(value.get("preset"), str):
            return value
        return {**presets.get(value["preset"], {}), **value}


StudyName = Literal[
    "leakage", "verification", "ablation", "projection", "fairness", "action_units", "anonymity"
]
