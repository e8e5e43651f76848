"""A publication that is cut off at any write is completed by the next one."""

import datetime as dt
import runpy
from pathlib import Path

import pytest

from obs_dagster.reports.mlflow import MlflowReport, MlflowUnavailable
from obs_dagster.reports.mlflow.tracking import Tracking

LAST = runpy.run_path(str(Path(__file__).parents[2] / "season.py"))["LAST"]
BEFORE = LAST - dt.timedelta(days=1)


class Cut(Tracking):
    """A real MLflow whose connection breaks before the n-th write."""

    WRITES = ("create", "log", "describe", "delete", "upload", "finish", "rename")

    def __init__(self, uri, writes):
        super().__init__(uri)
        self.left = writes
        for name in self.WRITES:
            setattr(self, name, self._cutting(getattr(self, name)))

    def _cutting(self, write):
        def cut(*args, **kwargs):
            self.left -= 1
            if self.left <= 0:
                raise MlflowUnavailable("The connection broke.")
            return write(*args, **kwargs)

        return cut


def interrupt(uri, nights, writes):
    """Publishes until the cut; whether there was one."""
    report = MlflowReport(uri)
    report._tracking = Cut(uri, writes)
    try:
        report.publish(nights)
    except MlflowUnavailable:
        return True
    return False


@pytest.mark.parametrize("held", ["nothing", "unsettled", "wrong"])
def test_the_next_publication_repairs_what_a_cut_left(uri, read, make_night, held):
    report = MlflowReport(uri)
    before = {
        "nothing": [],
        "unsettled": [make_night(1, settled=False), make_night(0, settled=False)],
        "wrong": [make_night(1, recall=0.9, temp=0.1), make_night(0)],
    }[held]
    wanted = [make_night(1, recall=0.35), make_night(0)]
    writes = 0
    interrupted = True
    while interrupted:
        writes += 1
        report.publish(before)
        interrupted = interrupt(uri, wanted, writes)
        report.publish(wanted)
        seen = read()
        assert seen.points() == {
            ("performance/7d/recall", BEFORE): [0.35],
            ("performance/7d/recall", LAST): [0.4],
            ("variable_drift/7d/psi/temp", BEFORE): [0.3],
            ("variable_drift/7d/psi/temp", LAST): [0.3],
            ("service/1d/volume", BEFORE): [900.0],
            ("service/1d/volume", LAST): [900.0],
        }, f"after {writes} writes"
        assert {day: len(metrics) for day, metrics in seen.nights().items()} == {BEFORE: 3, LAST: 3}
        for run in seen.runs if held == "nothing" else ():
            seen.client.delete_run(run.info.run_id)
    assert writes > 5
