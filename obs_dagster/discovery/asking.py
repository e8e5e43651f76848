"""What a sample leaves open, and who is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Question:
    """A choice that a sample does not decide.

    Attributes:
        text: what is asked.
        option: what decides it on the command line.
        choices: what there is, the likeliest first, each with what speaks for it.
        optional: whether it may be none of them.
    """

    text: str
    option: str
    choices: Sequence[tuple[str, str]]
    optional: bool = False


class Ask(Protocol):
    """Puts a question to a person, if there is one."""

    def __call__(self, question: Question) -> str | None:
        """The choice, or None if nobody decides; empty for none of them, if that is possible."""


def nobody(question: Question) -> str | None:
    """Nobody is there to be asked: what is likeliest is taken, and said."""
    del question
    return None
