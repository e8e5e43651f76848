import datetime as dt
import runpy
from pathlib import Path

from obs_dagster.reports.mlflow.plotted import COLUMNS, plotted_of

SEASON = runpy.run_path(str(Path(__file__).parents[2] / "season.py"))
DAY = dt.date(2013, 7, 4)
RULE = {"name": "errors", "metric": "brier", "window": 28, "above": 0.2}


def plotted(metric, window=7, **changes):
    subject = {name: changes.pop(name) for name in ("column", "segment") if name in changes}
    record = SEASON["record"](metric, "1", DAY, 0.5, window=window, **subject)
    return record in plotted_of(SEASON["monitor"](**changes))


def test_what_the_health_page_draws_is_plotted_over_its_window():
    assert plotted("recall")
    assert plotted("psi", column="temp")
    assert plotted("psi", column="score")
    assert plotted("volume", window=1)
    assert not plotted("recall", window=28)
    assert not plotted("volume", window=7)
    assert not plotted("jensen_shannon", column="temp")
    assert not plotted("recall", segment="origin=JFK")
    assert not plotted("recall", window=0)


def test_what_a_rule_watches_of_all_rows_is_plotted_over_the_rule_s_window():
    assert plotted("brier", window=28, alerts=[RULE])
    assert not plotted("brier", window=28)
    assert not plotted("brier", window=28, alerts=[RULE | {"segments": ["origin"]}])


def test_of_a_wide_log_the_outputs_and_the_first_features_are_plotted():
    wide = {f"c{number:03}": {"type": "number"} for number in range(1_000)}
    assert plotted("psi", column="score", features=wide)
    assert plotted("psi", column="c000", features=wide)
    assert not plotted("psi", column="c999", features=wide)
    assert len(plotted_of(SEASON["monitor"](features=wide)).columns) == COLUMNS + 1
