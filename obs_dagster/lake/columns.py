"""The columns that obs-dagster adds to rows of the lake."""

from __future__ import annotations

import re

#: Their names start with this; a monitor may not declare such names.
RESERVED = "_obs_"
ROW = f"{RESERVED}row"
DAY = f"{RESERVED}day"
FILE = f"{RESERVED}file"
LABEL = f"{RESERVED}label"
AGE = f"{RESERVED}age"
UNCAST = f"{RESERVED}uncast"
RAW = f"{RESERVED}raw"
#: The decision derived from the score, where the log has no column for it.
DECISION = "prediction"


def marked(column: str) -> str:
    """A regular expression for the marks of rows whose value of a column has no form as declared."""
    return f"(?:^|, ){re.escape(column)}(?:: |, |$)"
