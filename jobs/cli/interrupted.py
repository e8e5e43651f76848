"""What a person sees after Ctrl-C. It needs no libraries: it may be pressed while these are loaded."""

from __future__ import annotations

import os
import signal
import sys

INTERRUPTED = 130
"""The exit code, as shells have it: 128 and the number of the signal."""


def tell_interrupted(error: KeyboardInterrupt) -> int:
    """Say so in a sentence, in the words of whoever knew what was going on; returns the exit code."""
    # whoever presses it again does not want to wait for what is being tidied up
    signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    sys.stderr.write(f"{str(error) or 'Interrupted.'}\n")
    sys.stderr.flush()
    return INTERRUPTED
