"""Ids that follow from a run's, so that all processes of a night know its trace without being told."""

from __future__ import annotations

from hashlib import blake2b


def trace_of_run(run_id: str) -> str:
    """The trace of a run, in 32 hexadecimal digits.

    It is not the run's own id, whose fixed bits would spoil sampling by ratio.

    >>> trace_of_run("b1946ac9-2ed2-4f5b-9f5c-0d7f2f1b3c11")
    'cdbf25c04432edb86203119c0ede2412'
    """
    return blake2b(run_id.encode(), digest_size=16, person=b"obs trace").hexdigest()


def root_of_trace(trace_id: str) -> str:
    """The span of the run as a whole, which all others are below, in 16 hexadecimal digits."""
    return blake2b(trace_id.encode(), digest_size=8, person=b"obs root").hexdigest()
