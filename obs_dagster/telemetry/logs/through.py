"""Lines of a library that writes them in a form of its own, led through the log of the process."""

from __future__ import annotations

import logging

_LED = "obs_led"


class Through(logging.Handler):
    """Hands records to the handlers of the process, which tell them from INFO on, as its own."""

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a record on."""
        vars(record)[_LED] = True
        logging.getLogger().handle(record)


def lead(library: str) -> None:
    """Have what a library tells go through the log, instead of the handlers that it has given its logger."""
    logger = logging.getLogger(library)
    logger.handlers[:] = [Through()]
    # the handlers of the process would have it twice
    logger.propagate = False


def is_led(record: logging.LogRecord) -> bool:
    """Whether a record has come this way."""
    return _LED in vars(record)
