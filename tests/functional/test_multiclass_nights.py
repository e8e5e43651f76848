"""Whole nights of a model with sixty classes: what they stored is what scikit-learn says of the raw rows."""

import datetime as dt

FIRST = dt.date(2024, 3, 4)
DAYS = [FIRST + dt.timedelta(days=number) for number in range(4)]
LAST = DAYS[-1]
CLASSES = [f"class {number:02d}" for number in range(60)]
#: Of the last classes one has no labels, and another is one that nobody declared.
WITHOUT_LABELS, NEVER_SEEN = CLASSES[57], "class 99"
ROWS = 3_000
