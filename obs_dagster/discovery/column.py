"""A column of a sample: what its values are like, in numbers that recognition is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: One of so many values may be another: logs have stray ones.
_STRAY = 0.01


@dataclass(frozen=True, slots=True)
class Column:
    """What a sample's rows say of one column.

    Attributes:
        name: as the log has it.
        found: DuckDB's type; `VARCHAR` of formats without types.
        rows: how many rows there are.
        present: rows that have a value; NaN is none.
        distinct: different values.
        numbers: values that are numbers.
        whole: values that are whole numbers.
        moments: values that are moments.
        truths: values that spell true or false.
        form: the format of moments that nothing but a format reads, as `strptime` has it.
        alone: whether it is the only value of a list.
        inside: whether it is inside of another column.
        longest: characters of the longest text.
        low, high: the extremes of the finite numbers; None if there are none.
        top: the most frequent values as text, each with its rows.
    """

    name: str
    found: str
    rows: int
    present: int
    distinct: int
    numbers: int
    whole: int
    moments: int
    truths: int
    longest: int
    low: float | None
    high: float | None
    top: tuple[tuple[str, int], ...]
    form: str = ""
    alone: bool = False
    inside: bool = False

    @property
    def nulls(self) -> int:
        """Rows without a value."""
        return self.rows - self.present

    @property
    def innermost(self) -> str:
        """The name, of a column inside of others without theirs: `amount` of `request.amount`."""
        return self.name.rpartition(".")[2] or self.name if self.inside else self.name

    @property
    def plain_name(self) -> str:
        """The name as `plain` has it: of a nested column the innermost, of a list of one its value's."""
        name = self.name.rpartition(".")[2]
        return _singular(plain(name.removesuffix("[0]"))) if self.alone else plain(name)

    @property
    def numeric(self) -> bool:
        """Whether every value is a number."""
        return 0 < self.present == self.numbers

    @property
    def integral(self) -> bool:
        """Whether every value is a whole number."""
        return 0 < self.present == self.whole

    @property
    def temporal(self) -> bool:
        """Whether the values are moments, but for stray ones."""
        return self.present > 0 and self.moments >= self.present * (1 - _STRAY)

    @property
    def boolean(self) -> bool:
        """Whether every value spells true or false, and not as a number."""
        spelled = self.found == "BOOLEAN" or not self.numbers
        return 0 < self.present == self.truths and spelled

    @property
    def unique(self) -> bool:
        """Whether every row has a value of its own, but for some that were logged twice."""
        return self.present == self.rows > 0 and self.distinct >= self.rows * (1 - _STRAY)

    @property
    def probability(self) -> bool:
        """Whether the values are numbers from 0 to 1, and more than two."""
        return self.numeric and self.distinct > 2 and self.within(0, 1)  # noqa: PLR2004  0 and 1 alone

    def listed(self, most: int = 3) -> str:
        """The most frequent values, for people."""
        shown = ", ".join(value for value, _ in self.top[:most])
        return f"{shown}, …" if self.distinct > most else shown

    def within(self, low: float, high: float) -> bool:
        """Whether all numbers lie between two bounds."""
        return self.low is not None and self.high is not None and low <= self.low and self.high <= high


def plain(name: str) -> str:
    """A name in lower case with underscores, however it was written.

    >>> plain("modelVersion"), plain("Model-Version"), plain("HTTPStatus"), plain(" p (late) ")
    ('model_version', 'model_version', 'http_status', 'p_late')
    """
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^0-9a-z]+", "_", split.lower()).strip("_")


def _singular(name: str) -> str:
    """A name for one of several.

    >>> _singular("predictions"), _singular("probabilities"), _singular("score")
    ('prediction', 'probability', 'score')
    """
    return re.sub(r"s$", "", re.sub(r"ies$", "y", name))
