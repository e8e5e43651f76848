"""What the drift stage tells in Dagster's UI."""

import datetime as dt
from dataclasses import replace

import pytest

from assets.drift import day_metadata
from obs_dagster.metrics.record import MetricRecord

PSI = MetricRecord(
    model="flights",
    version="1",
    segment="*",
    column="temp",
    metric="psi",
    definition="psi/baseline-deciles-ln/1",
    day=dt.date(2024, 3, 1),
    window=1,
    value=0.2,
    low=0.15,
    high=0.25,
    n=900,
    error=0.0,
    reason="",
    computed_at=dt.datetime(2024, 3, 2, tzinfo=dt.UTC),
    run_id="3f1c",
)


@pytest.mark.parametrize(("error", "told"), [(0.0, "–"), (0.001, "–"), (0.0123, "0.0123")])  # noqa: RUF001
def test_the_error_of_binning_stands_beside_the_interval_where_it_matters(error, told):
    (row,) = day_metadata([replace(PSI, error=error)])["worst columns"].records
    assert row.data["± binning"] == told
    assert (row.data["psi"], row.data["95% low"], row.data["95% high"]) == ("0.2", "0.15", "0.25")
