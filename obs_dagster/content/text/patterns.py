"""Personal data in texts, by how it is written: addresses of e-mail, numbers of telephones and of cards.

Patterns find what looks like it. A number of a card has a check digit (Luhn, ISO/IEC 7812-1), so one of ten
other numbers of as many digits is taken for one.
"""

from __future__ import annotations

_EMAIL = r"[\pL\pN._%+-]+@[\pL\pN-]+(\.[\pL\pN-]+)*\.\pL{2,24}"
#: As people write them: with a country, or an area in brackets, or in groups; no part of a longer number.
_PHONE = (
    r"(^|[^\pL\pN+])(\+[0-9]{1,3}[ ./-]?(\(0?[0-9]{1,4}\)[ ./-]?)?[0-9]{1,4}([ ./-]?[0-9]{2,4}){2,4}"
    r"|\(?0?[0-9]{2,5}\)?[ ./-][0-9]{3,4}[ ./-]?[0-9]{3,5})($|[^\pL\pN])"
)
_CARD = r"[0-9]([ -]?[0-9]){12,18}"
_KINDS = ("email", "card", "phone")


def personal_data(text: str) -> str:
    """SQL for the kind of personal data that a text has: `email`, `card`, `phone`, `several`, or `none`."""
    holds = {
        "email": f"(contains({text}, '@') AND regexp_matches({text}, '{_EMAIL}'))",
        "card": _has_card(text),
        "phone": f"regexp_matches({_without_cards(text)}, '{_PHONE}')",
    }
    digits = f"regexp_matches({text}, '[0-9].*[0-9].*[0-9].*[0-9].*[0-9].*[0-9].*[0-9]')"
    numbers = f"(CAST({holds['card']} AS INTEGER) + 2 * CAST({holds['phone']} AS INTEGER))"
    # most texts have too few digits for a number of either kind
    found = f"(CAST({holds['email']} AS INTEGER) + 2 * CASE WHEN {digits} THEN {numbers} ELSE 0 END)"
    return (
        f"CASE {found} WHEN 0 THEN 'none' WHEN 1 THEN 'email' WHEN 2 THEN 'card' WHEN 4 THEN 'phone' "
        f"ELSE CASE WHEN {text} IS NOT NULL THEN 'several' END END"
    )


def _has_card(text: str) -> str:
    found = f"regexp_extract_all({text}, '{_CARD}')"
    return f"(len(list_filter({found}, lambda card: {_luhn('card')})) > 0)"


def _without_cards(text: str) -> str:
    """SQL for a text without runs of digits that are too long for a telephone's."""
    return f"regexp_replace({text}, '{_CARD}', 'x', 'g')"


def _luhn(number: str) -> str:
    """SQL for whether the check digit of a number is right (Luhn): every other one counts twice."""
    digits = f"reverse(regexp_replace({number}, '[^0-9]', '', 'g'))"
    digit = f"CAST(substr({digits}, place, 1) AS INTEGER)"
    # every other digit counts twice, from the right
    twice = f"CASE WHEN {digit} < 5 THEN 2 * {digit} ELSE 2 * {digit} - 9 END"
    doubled = f"CASE WHEN place % 2 = 1 THEN {digit} ELSE {twice} END"
    places = f"range(1, length({digits}) + 1)"
    return f"(list_sum(list_transform({places}, lambda place: {doubled})) % 10 = 0)"
