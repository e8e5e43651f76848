"""What other samples of rows would have counted: draws of the bootstrap, from counts."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from obs_dagster.profile.distribution import FloatArray, IntArray

REPLICATES = 300
_REMEMBERED_BINS = 1_024
"""Draws of more bins are not kept, for they take megabytes."""
_LARGE = 100
"""Counts from which on their noise is close enough to normal."""


def resample(counts: IntArray, seed: tuple[int, ...], *, size: int | None = None) -> FloatArray:
    """Bootstrap: draws rows from those that were counted, with replacement, over and over.

    Resampling the rows of a sample and counting them, and drawing the counts from a multinomial
    distribution, are the same thing; the second costs nothing per row. Where all counts are large they are
    drawn from the normal distribution that it tends to (`sampling_noise`), which costs a tenth.

    Args:
        counts: rows per bin, shape (k,), at least one row.
        seed: non-negative integers; the same seed gives the same draws on every machine.
        size: rows of a draw; left out: as many as were counted.

    Returns:
        Counts per replicate, shape (REPLICATES, k), not to be written to; each row of them sums to the size.
    """
    n = int(counts.sum()) if size is None else size
    if len(counts) > _REMEMBERED_BINS or counts.dtype.kind != "i":
        return _resampled(counts, seed, n)
    return _remembered(counts.astype(np.int64).tobytes(), seed, n)


@lru_cache(maxsize=8)
def _remembered(counts: bytes, seed: tuple[int, ...], n: int) -> FloatArray:
    """The same draws once for all who ask: two losses of one cell, a baseline beside several windows."""
    drawn = _resampled(np.frombuffer(counts, dtype=np.int64), seed, n)
    drawn.flags.writeable = False
    return drawn


def _resampled(counts: IntArray, seed: tuple[int, ...], n: int) -> FloatArray:
    shares = counts / counts.sum()
    if (shares[shares > 0] * n).min() >= _LARGE:
        drawn: FloatArray = n * (shares + _normal_noise(shares, n, seed))
        return drawn
    return np.random.default_rng(seed).multinomial(n, shares, size=REPLICATES).astype(np.float64)


def sampling_noise(counts: IntArray, seed: tuple[int, ...]) -> FloatArray:
    """How far the shares of samples like this one lie from its own, for sums over many bins.

    Such sums are close to normal long before the counts of single bins are.

    Args:
        counts: rows per bin, shape (k,), at least one row.
        seed: non-negative integers; the same seed gives the same noise on every machine.

    Returns:
        Differences of shares per replicate, shape (REPLICATES, k); each row of them sums to 0.
    """
    n = int(counts.sum())
    shares = counts / n
    return _normal_noise(shares, n, seed) if n >= _LARGE else resample(counts, seed) / n - shares


def _normal_noise(shares: FloatArray, n: int, seed: tuple[int, ...]) -> FloatArray:
    """Noise of the shares (k,) of n rows, shape (REPLICATES, k).

    sqrt(p) g - p (sqrt(p) . g), divided by sqrt(n), with independent standard normal g, has just the
    covariances of multinomial shares, (diag(p) - p p') / n. One draw of g serves all samples of a seed.
    """
    spread = np.sqrt(shares)
    drawn = _normals(seed, 1 << (len(shares) - 1).bit_length())[:, : len(shares)]
    noise: FloatArray = (drawn * spread - np.outer(drawn @ spread, shares)) / math.sqrt(n)
    return noise


@lru_cache(maxsize=32)
def _normals(seed: tuple[int, ...], columns: int) -> FloatArray:
    """Independent standard normal numbers, shape (REPLICATES, columns)."""
    return np.random.default_rng(seed).standard_normal((REPLICATES, columns))
