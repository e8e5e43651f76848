"""What a channel knows of a thread, and what it says when it has taken a message of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Thread:
    """What was said of a thread when its last message was taken.

    Attributes:
        names: what the service calls it (a chat's time stamp, the key of an issue); empty at first.
        again: whether this very message was tried before: it may have arrived, though nobody saw the answer.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    again: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """A message was taken.

    Attributes:
        names: what the service calls the thread; kept, and given with its next message.
        renew_in: when the same message has to be sent again, for services that forget; None if never.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    renew_in: dt.timedelta | None = None
