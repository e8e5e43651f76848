"""Recall of real flights while labels are awaited: what it is expected to be with all, and is then."""

import datetime as dt

import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest

from obs_dagster.catalogue import monitor_of
from obs_dagster.demo.models import RECIPES, THRESHOLD, fit, score
from obs_dagster.demo.replay import label_delay_days
from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.profile import slices
from obs_dagster.tasks.binary.outcomes import OUTCOMES
from obs_dagster.tasks.outcomes import Expecting, Lacking, OutcomeProfile
from tests.functional.conftest import DEMO

FIRST, NIGHTS, WINDOW, WAIT = dt.date(2013, 7, 1), 56, 7, 5
ONE = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def scored(flights):
    """Flights of July and August with version 1's scores, and when their labels come in the demo."""
    recipe = RECIPES[0]
    model = fit(recipe, recipe.training_rows(flights))
    days = flights["date"].dt.date
    rows = flights[(days >= FIRST) & (days < FIRST + NIGHTS * ONE)].copy()
    rows["score"] = score(recipe, model, rows)
    rows["wait"] = rows["flight_id"].map(label_delay_days)
    return rows


def counted(monitor, rows, known):
    """The outcomes of each day, whose labels are known as far as `known` says."""
    late = pa.array(
        rows["late"].fillna(value=False).astype(bool).to_numpy(),
        mask=~known.to_numpy() | rows["late"].isna().to_numpy(),
    )
    table = pa.table(
        {
            "day": rows["date"].dt.date.astype(str).tolist(),
            "model_version": ["1"] * len(rows),
            "score": rows["score"].to_numpy(),
            "prediction": (rows["score"] >= THRESHOLD).to_numpy(),
            LABEL: late,
        }
    )
    frame = nw.from_native(duckdb.connect().from_arrow(table))
    whole = monitor.model_copy(update={"segments": ()})
    reduced = OUTCOMES.reduce(frame, whole, Grids({}), ["day"])
    return {
        dt.date.fromisoformat(day): OutcomeProfile(
            reduced.slice(*part).select(OUTCOMES.schema.names), OUTCOMES
        ).cell("1", WHOLE)
        for (day,), part in slices(reduced, ["day"]).items()
    }


@pytest.mark.parametrize("lag", ["the demo's", "late flights land later"])
def test_recall_of_a_week_is_what_it_was_expected_to_be(scored, lag):
    monitor = monitor_of(DEMO)
    wait = scored["wait"] + (2 * scored["late"].fillna(value=False).astype(int) if lag != "the demo's" else 0)
    days = [FIRST + number * ONE for number in range(NIGHTS)]
    final = counted(monitor, scored, wait < 99)
    hidden = {age: counted(monitor, scored, wait <= age) for age in range(WAIT + 1)}
    later = {age: scored[(wait > age) | scored["late"].isna()] for age in range(WAIT)}
    unlike = {age: counted(monitor, rows, rows["late"].notna()) for age, rows in later.items()}

    held, off, before = [], [], []
    for last in days[30:]:
        week = [last - number * ONE for number in range(WINDOW)]
        late = {
            age: OUTCOMES.late([unlike[age][day] for day in days if day + WAIT * ONE <= last], monitor, 1)
            for age in range(WAIT)
        }
        ages = {day: (last - day).days for day in week}
        lacking = [Lacking(hidden[age][day], late[age]) for day, age in ages.items() if age < WAIT]
        now = joined([hidden[min(age, WAIT)][day] for day, age in ages.items()])
        ((_, found),) = OUTCOMES.completed(now, lacking, monitor, Expecting(WHOLE, WINDOW, 2))
        expected = found.completed("recall")
        exact = recall(joined([final[day] for day in week]))
        held.append(expected.low <= exact <= expected.high)
        off.append(abs(expected.value - exact))
        before.append(abs(recall(now) - exact))
    # weeks overlap: one spell of weather is several of them
    assert np.mean(held) >= 0.8
    assert np.mean(off) < 0.02
    if lag != "the demo's":
        assert np.mean(off) < 0.7 * np.mean(before)


def joined(cells):
    return {name: np.concatenate([cell[name] for cell in cells]) for name in cells[0]}


def recall(cell):
    label, accepted = cell["label"].astype(float), cell["decision"] > 0
    return cell["n"][(label == 1) & accepted].sum() / cell["n"][label == 1].sum()
