"""A roll-out from nights to what people read: the command, the health page, and a second opinion."""

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from obs_dagster.evaluation.effect import effect, learnable
from obs_dagster.evaluation.effect_outcome import EffectError
from obs_dagster.evaluation.performance_records import performance_records
from obs_dagster.evaluation.service_records import service_records
from obs_dagster.evaluation.where import Period
from obs_dagster.figures import MINUS
from obs_dagster.history import History
from obs_dagster.metrics.registry import family
from obs_dagster.reports.effect import effect_sections, headline, newest_effect, told
from obs_dagster.reports.gather import gather
from obs_dagster.reports.health import render_health
from tests.rollout import DAY, LABELS, LAST, NIGHTS, roll_out

ALL = Period(DAY, LAST)


@pytest.fixture(scope="module")
def world(tmp_path_factory, small_at):
    made = small_at(
        tmp_path_factory.mktemp("rollout"), windows=[1], labels=LABELS, effect={"outcome": "label"}
    )
    roll_out(made)
    (made.root / "small.yaml").write_text(yaml.safe_dump(made.keys | made.changes))
    return made


@pytest.fixture(scope="module")
def obs(world):
    """Runs `obs` in the world."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OBS_", "MLFLOW_"))}
    places = {"OBS_HOME": str(world.root), "OBS_MONITORS": str(world.root), "COLUMNS": "120"}

    def run(*args):
        program = str(Path(sys.executable).with_name("obs"))
        return subprocess.run(
            [program, *args], env=kept | places, capture_output=True, text=True, timeout=240, check=False
        )

    return run


def test_an_engineer_reads_what_it_did(obs):
    done = obs("effect", "small", "1", "2")
    assert done.returncode == 0, done.stderr
    printed = " ".join(done.stdout.split())
    assert "Serving version 2 in the place of version 1 lowers the share of positive labels" in printed
    assert "Plain difference in means" in printed
    assert "It was not random" in printed
    assert "Who benefits" in printed


def test_programs_read_it_too_with_a_second_opinion(obs):
    done = obs("effect", "small", "1", "2", "--format", "json", "--second-opinion")
    assert done.returncode == 0, done.stderr
    rows = {(each["estimate"], each["segment"]): each for each in json.loads(done.stdout)}
    own = rows["doubly_robust", "*"]
    assert own["low"] < -0.17 < own["high"] < 0
    assert own["routing_auc"] > 0.6
    assert own["e_value"] > own["e_value_of_interval"] > 1
    for name in ("S-learner", "T-learner", "X-learner", "doubly robust learner"):
        assert own["low"] < rows[name, "*"]["effect"] < own["high"]
    assert rows["difference_in_means", "*"]["effect"] > own["high"]


def test_the_health_page_tells_it(world, tmp_path):
    now = dt.datetime(2024, 4, 1, tzinfo=dt.UTC)
    with History.open(f"sqlite:///{tmp_path / 'history.db'}") as history:
        for name, records in (
            ("performance", performance_records(world.tonight, LAST)),
            ("service", service_records(world.tonight, LAST)),
        ):
            history.replace_metrics(
                records, model="small", days=[LAST], metrics={*family(name), *family("estimate")}
            )
        page = gather(world.monitor, history, LAST, now=now, lake=world.lake)
    assert [each.title for each in page.versus] == [
        "Version 2 against version 1",
        "Effect of version 2 in the place of 1",
        "What to know of the effect",
        "Who benefits",
    ]
    drawn = render_health(page)
    assert "Day and features evened out" in drawn


@pytest.fixture(scope="module")
def found(world):
    return effect(world.tonight, "1", "2", ALL, "label")


def test_the_effect_is_found_behind_what_routing_hides(found):
    estimated = found.estimated
    assert estimated.effect.low < -0.17 < estimated.effect.high < 0
    # colder rows are late more often, and version 2 got them
    assert found.raw.value > estimated.effect.value + 0.05
    assert not estimated.overlap.at_random
    assert len(found.days) == NIGHTS
    assert sum(found.rows) == sum(found.served) == 400 * NIGHTS
    assert found.labelled == (1.0, 1.0)
    assert found.unmeasured.explains > found.unmeasured.shakes > 1
    assert set(found.segments) == {"carrier=AA", "carrier=B6", "carrier=UA"}


def test_people_read_it_in_sentences(found):
    said = headline(found)
    assert said.startswith(
        f"Serving version 2 in the place of version 1 lowers the share of positive labels: {MINUS}"
    )
    assert "points [" in said
    about = dict(told(found))
    assert about["Routing"].startswith("It was not random")
    assert "E-values" in about["What could explain it"]
    estimates, _, benefit = effect_sections(found)
    assert [row[0] for row in estimates.rows][:2] == [
        "Day and features evened out",
        "Plain difference in means",
    ]
    assert {row[3] for row in benefit.rows} == {"lower"}


def test_errors_and_their_cost_have_effects_too(world, small_at):
    wrong = effect(world.tonight, "1", "2", ALL, "error")
    priced = small_at(
        world.root, windows=[1], labels=LABELS, costs={"false_positive": 3, "false_negative": 3}
    )
    cost = effect(priced.tonight, "1", "2", ALL, "cost")
    assert cost.raw.value == pytest.approx(3 * wrong.raw.value)
    assert cost.estimated.effect.value == pytest.approx(3 * wrong.estimated.effect.value, abs=0.05)
    assert "the share of wrong decisions" in headline(wrong)
    assert "the cost of errors per row" in headline(cost)
    with pytest.raises(EffectError, match="No error of small has a price"):
        effect(world.tonight, "1", "2", ALL, "cost")


def test_nights_tell_it_where_the_monitor_asks(world, small_at, found):
    silent = small_at(world.root, windows=[1], labels=LABELS).tonight
    assert newest_effect(silent, LAST, ("2", "1")) is None
    assert newest_effect(world.tonight, LAST, None) is None
    assert newest_effect(world.tonight, LAST, ("2", "1")).estimated.effect == found.estimated.effect


def test_labels_that_are_awaited_leave_their_days_out(world, small_at):
    waits = small_at(world.root, windows=[1], labels=LABELS | {"max_delay_days": 1})
    found = effect(waits.tonight, "1", "2", ALL, "label")
    assert (len(found.days), found.immature) == (NIGHTS - 1, 1)
    assert dict(told(found))["Left out"] == "1 day whose labels are not complete yet."
    none = small_at(world.root, windows=[1], labels=LABELS | {"max_delay_days": 30})
    assert "are not complete yet" in effect(none.tonight, "1", "2", ALL, "label").reason


def test_few_days_are_a_reason(world):
    found = effect(world.tonight, "1", "2", Period(DAY, DAY + dt.timedelta(days=2)), "label")
    assert found.reason == "both versions have labelled rows on 3 days; 7 are needed"
    assert headline(found).startswith("What serving version 2 in the place of version 1 does to")
    section, _ = effect_sections(found)
    assert section.rows == []
    assert "7 are needed" in section.empty


def test_the_same_question_has_the_same_answer(world, found):
    again = effect(world.tonight, "1", "2", ALL, "label")
    assert again.estimated.effect == found.estimated.effect
    assert again.segments == found.segments


def test_the_library_of_second_opinions_is_not_imported_unless_asked(world):
    program = (
        "import sys; from obs_dagster.evaluation import effect; import obs_dagster.reports.effect; "
        "print([name for name in ('econml', 'lightgbm', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert learnable(world.tonight, "1", "2", Period(DAY, LAST), "label").rows is not None
