"""What the health page shows of rankings."""

import numpy as np
import pytest

from obs_dagster.reports.health.sections import draw_section
from obs_dagster.tasks.ranking.task import TASK
from obs_dagster.tasks.sections import Curve, Listing


@pytest.fixture
def shown(ranked, monitor):
    def run(rows, **options):
        return TASK.sections(ranked.inputs(ranked.reduce(rows, **options), **options), monitor(**options))

    return run


def test_the_relevance_of_each_place(ranked, shown):
    rows = ranked.rows(1, 300, labelled=0.5)
    _, curve = shown(rows, at=[3, 6])
    label = [
        np.nan_to_num(label[np.argsort(-score)])
        for score, label in ranked.by_request(rows)
        if not np.isnan(label).all()
    ]
    assert isinstance(curve, Curve)
    for place, point in enumerate(curve.points):
        here = [each[place] >= 1 for each in label if len(each) > place]
        assert (point.x, point.n) == (place + 1, len(here))
        assert point.y == pytest.approx(np.mean(here))
        assert point.low <= point.y <= point.high
    assert len(curve.points) == 6
    assert draw_section(curve).path


def test_every_cut_off_beside_the_others(ranked, shown):
    rows = ranked.rows(1, 300)
    listing, _ = shown(rows, at=[6, 2])
    found = ranked.evaluated(rows, at=[6, 2])
    assert isinstance(listing, Listing)
    assert listing.headings == ("Metric", "k = 2", "k = 6")
    name, *values = listing.rows[0]
    assert name == "NDCG"
    for text, column in zip(values, ("top2", "top6"), strict=True):
        assert float(text.split()[0]) == pytest.approx(found[column]["ndcg_at"].value, abs=6e-3)
        assert text.count(",") == 1
    assert draw_section(listing).rows


def test_many_cut_offs_leave_no_room_for_intervals(ranked, shown):
    listing, _ = shown(ranked.rows(1, 100), at=[1, 2, 3, 5])
    assert not [text for row in listing.rows for text in row if "[" in text]


def test_without_labels_there_is_nothing_to_show(ranked, shown):
    listing, curve = map(draw_section, shown(ranked.rows(1, 5, labelled=0.0)))
    assert listing.empty == curve.empty == "No labels yet."
