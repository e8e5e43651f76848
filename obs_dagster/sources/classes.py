"""Which values mean the positive class, which the negative one, and which neither.

Labels, decisions and boolean features come as `1` and `0`, `yes` and `no`, `True` and `False`, `late` and
`on time`, in types that depend on the program that wrote them. What is unambiguous is mapped; any other value
is neither class, and named.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import ClassVar

from obs_dagster.lake.quoting import literal
from obs_dagster.sources.sql_types import INTEGERS

Value = str | int | bool

#: Spellings of true and false, as `word` gives them: what one program writes stands together.
_FAMILIES = [
    (frozenset(trues.split()), frozenset(falses.split()))
    for trues, falses in (("true t", "false f"), ("yes y", "no n"), ("on", "off"), ("1", "0"))
]
TRUE = frozenset(each for trues, _ in _FAMILIES for each in trues)
FALSE = frozenset(each for _, falses in _FAMILIES for each in falses)
#: What people write where the class is not known: never taken for the other class.
UNDECIDED = frozenset(
    """
    ? - -- n/a na nan nat <na> #n/a none null nil missing pending unknown unk undefined undetermined undecided
    unlabelled unlabeled tbd todo waiting
    """.split()  # noqa: SIM905  twenty lines of a word each say less
)
_NUMBERS = INTEGERS | {"FLOAT", "DOUBLE"}
_BLANKS = " \t\r\n\u00a0"
#: Characters of a value that are kept; longer ones are no names of classes.
_KEPT = 80
_EXACT = 1 << 53


def word(value: Value) -> str:
    """How a value reads whatever its type, case, surrounding blanks and zeros after the point are.

    >>> word(" Yes"), word(True), word("1.0"), word("1e3"), word(-1)
    ('yes', 'true', '1', '1000', '-1')
    """
    text = str(value).strip(_BLANKS).lower()
    number = _number(text)
    if number is None:
        return text
    whole = number.to_integral_value()
    return str(int(whole)) if number == whole else str(number.normalize())


@dataclass(frozen=True, slots=True)
class Classes:
    """The values of each class, as `word` gives them.

    Attributes:
        positive, negative: the words of each class.
        sql_type: DuckDB's type of a class.
        two_classes: there are two.
    """

    positive: frozenset[str]
    negative: frozenset[str]
    sql_type: ClassVar[str] = "BOOLEAN"
    two_classes: ClassVar[bool] = True

    @classmethod
    def of(cls, positive: Value, negative: tuple[Value, ...] = ()) -> Classes:
        """The classes that a monitor declares.

        A positive value that is a spelling of true or false means all of them, and its opposites are
        negative; unless negative values are given, which then are the only ones.
        """
        named = frozenset(map(word, negative))
        own = word(positive)
        for same, opposite in ((TRUE, FALSE), (FALSE, TRUE)):
            if own in same:
                alike = same - named if named else same
                return cls(alike, named if named - opposite else opposite)
        return cls(frozenset([own]), named)

    @classmethod
    def as_labelled(cls, positive: Value, negative: tuple[Value, ...] = ()) -> Classes:
        """The classes of decisions in a log whose labels are read with these values.

        Decisions that are written as labels are mean the same. In any other spelling true is positive:
        `true` where labels are `late` and `on time`, or are 1 and 2. Where it is a false value that labels
        take for the positive one (see `inverts`), other spellings are of neither class.
        """
        own, named = word(positive), frozenset(map(word, negative))
        if own in TRUE:
            return cls.of(positive, negative)
        if inverts(positive, negative):
            return cls._inverted(own, named)
        # 1 of 1 and 2 is not the 1 of 1 and 0
        taken = named | {own} | ({"0", "1"} if _number(own) is not None else set())
        return cls(TRUE - taken | {own}, FALSE - taken | named)

    @classmethod
    def _inverted(cls, own: str, named: frozenset[str]) -> Classes:
        """Positive is what is written as the positive label is, negative its opposite in that spelling."""
        for trues, falses in _FAMILIES:
            if own in falses:
                return cls(falses - named, trues | named if named <= TRUE else named)
        return cls(frozenset([own]), named)

    def complete(self) -> bool:
        """Whether both classes are known."""
        return bool(self.negative)

    def with_negative(self, negative: str) -> Classes:
        """The classes with a word for the negative one."""
        return Classes(self.positive, frozenset([negative]))

    def opposite(self, counts: Mapping[str, int]) -> str | None:
        """The word of the negative class, where values themselves leave no doubt: it is the only other one.

        Args:
            counts: rows per value, those of the positive class included.

        Returns:
            The word; None if the positive class does not occur, or if no other value does, or several.
        """
        words = {word(value) for value, number in counts.items() if number}
        others = words - self.positive - UNDECIDED - {""}
        if not words & self.positive or len(others) != 1:
            return None
        (other,) = others
        return other if len(other) < _KEPT else None

    def sql(self, value: str, found: str) -> str:
        """SQL that is true for the positive class, false for the negative one, and null for anything else.

        Args:
            value: SQL for the value.
            found: DuckDB's type of it.
        """
        if found == "BOOLEAN":
            return _chosen(
                [
                    (" OR ".join(_truths(value, words)), result)
                    for words, result in ((self.positive, "true"), (self.negative, "false"))
                ]
            )
        if found in _NUMBERS or found.startswith("DECIMAL"):
            return _chosen([(_among(value, numbers), result) for numbers, result in self._numbers()])
        text = f"lower(trim({plain_text(value, found)}, {literal(_BLANKS)}))"
        words = [(self.positive, "true"), (self.negative, "false")]
        spelled = [(_among(text, [literal(each) for each in sorted(named)]), by) for named, by in words]
        number = f"TRY_CAST({text} AS DOUBLE)"
        return _chosen(spelled + [(_among(number, numbers), by) for numbers, by in self._numbers()])

    def unusable(self, value: str, found: str) -> str:
        """SQL for the text of a value that is of neither class, for people; null for any other."""
        text = plain_text(value, found)
        blank = f"trim({text}, {literal(_BLANKS)}) = ''"
        missing = f"isnan({value})" if found in ("DOUBLE", "FLOAT") else blank
        return (
            f"CASE WHEN {value} IS NOT NULL AND ({self.sql(value, found)}) IS NULL AND NOT ({missing}) "
            f"THEN left(trim({text}, {literal(_BLANKS)}), {_KEPT}) END"
        )

    def _numbers(self) -> list[tuple[list[str], str]]:
        return [(_numeric(self.positive), "true"), (_numeric(self.negative), "false")]


def inverts(positive: Value, negative: tuple[Value, ...] = ()) -> bool:
    """Whether labels call positive what is false, or less, so that a decision `true` may mean either class.

    >>> inverts(0), inverts("no"), inverts(-1, (1,)), inverts(1), inverts(2, (1,)), inverts("late")
    (True, True, True, False, False, False)
    """
    own = word(positive)
    number = _number(own)
    named_true = any(word(each) in TRUE for each in negative)
    return own in FALSE or (own not in TRUE and named_true and (number is None or number < 1))


def plain_text(value: str, found: str) -> str:
    """SQL for a value as text; bytes are the text that they spell."""
    return f"TRY(decode({value}))" if found == "BLOB" else f"TRY_CAST({value} AS VARCHAR)"


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < _EXACT else None


def _numeric(words: frozenset[str]) -> list[str]:
    """The words that are numbers, as SQL."""
    return sorted(each for each in words if _number(each) is not None and math.isfinite(float(each)))


def _among(value: str, choices: list[str]) -> str:
    return f"{value} IN ({', '.join(choices)})" if choices else ""


def _truths(value: str, words: frozenset[str]) -> list[str]:
    return [value for each in ("true",) if each in words] + [
        f"NOT {value}" for each in ("false",) if each in words
    ]


def _chosen(cases: list[tuple[str, str]]) -> str:
    """SQL for the result of the first case that holds."""
    known = [f"WHEN {condition} THEN {result}" for condition, result in cases if condition]
    return f"CASE {' '.join(known)} END" if known else "CAST(NULL AS BOOLEAN)"
