"""Which version the others of a model are held against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Champion:
    """The champion of a night.

    Attributes:
        version: as the log has it; empty if it is not known.
        reason: why it is not known; empty if it is.
    """

    version: str
    reason: str = ""
