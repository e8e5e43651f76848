"""How fine rows are counted."""

#: The binary digits of a bin's number that segment cells leave out: a bin of theirs joins eight.
JOINED_BITS = 3
