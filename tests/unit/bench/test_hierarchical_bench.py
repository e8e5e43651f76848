"""Small segments: what is drawn towards its like is nearer the truth, and its intervals hold."""

import numpy as np

from bench.hierarchical import Segments, in_closed_form, plain


def test_shrunk_shares_are_nearer_and_their_intervals_hold():
    worlds = [Segments.draw(seed) for seed in range(10)]
    shrunk = [in_closed_form(each) for each in worlds]
    error = np.mean([each.error(world.true) for each, world in zip(shrunk, worlds, strict=True)])
    alone = np.mean([plain(each).error(each.true) for each in worlds])
    assert error < 0.75 * alone
    covered = np.mean([each.coverage(world.true) for each, world in zip(shrunk, worlds, strict=True)])
    assert 0.92 < covered < 0.98
