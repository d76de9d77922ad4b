"""Errors that speak to a person: the value, the limit, the way out, in one sentence.

Every error that the input or the settings can cause derives from `InputError`; the command
line turns it into exit status 2 and the pages into a calm message. Anything else is a fault
of ours: exit status 1, and the log says where.
"""


class BlindfoldError(Exception):
    """Base of everything that this package raises on purpose."""


LONGEST = 1_200
"""Letters of a message about input, at most."""


class InputError(BlindfoldError):
    """The input is at fault; the message names the value, the limit and the way out."""

    def __str__(self) -> str:
        """The message on one line: what it quotes from a stranger's file (a column's name, a cell)
        may be long, and may hold what a terminal obeys."""
        said = "".join(_shown(letter) for letter in super().__str__())
        return said if len(said) <= LONGEST else f"{said[: LONGEST // 2]} … {said[-LONGEST // 2 :]}"


def _shown(letter: str) -> str:
    if letter.isprintable():
        return letter
    return " " if letter.isspace() else "\N{REPLACEMENT CHARACTER}"


class ConfigError(InputError):
    """A setting is unknown, of the wrong kind or out of range."""


class FacesError(InputError):
    """A face set, a manifest or an archive cannot be read as asked."""


class EmbeddingsError(InputError):
    """Vectors cannot be read, or hold what no audit can use."""


class EncoderError(InputError):
    """An encoder or its weights are missing or do not fit."""


class NotEnoughData(InputError):
    """There are too few people, classes or images for what was asked."""


class StoreError(InputError):
    """The store cannot be written: no space, no permission."""


class Cancelled(BlindfoldError):
    """The run was cancelled by its owner."""


class ConditionError(ConfigError):
    """A condition of `--fail-if` cannot be read, or names what the audit does not have."""


class ConditionHeld(BlindfoldError):
    """A condition of `--fail-if` held, or could not be decided: exit status 3."""


class EngineError(InputError):
    """The cluster does not answer, is of another version, or lost its workers."""


class SuppressorError(InputError):
    """A suppressor collapsed, did not converge, or does not fit the vectors."""
