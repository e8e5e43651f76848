"""What a run says about itself in MLflow."""

import numpy as np

from obs_dagster.changes.change import Reference
from obs_dagster.changes.describe import Moved, describe
from obs_dagster.reports.mlflow.story import night_story
from obs_dagster.verdict.verdict import Verdict


def test_the_columns_that_moved_stand_below_the_verdict(make_night, raw):
    rng = np.random.default_rng(1)
    before, after = (rng.normal(12, 9, n) for n in (9000, 900))
    moved = [
        Moved("1", "temp", (7,), raw.on_shape(before, before), raw.on_shape(1000 * after, before)),
        Moved("1", "plan", (7,), raw.categories(["a", "b"] * 900), raw.categories(["<b>|](x", "b"] * 400)),
    ]
    night = make_night()
    changes = describe(moved, {"1": Reference("training")}, night.day)
    story = night_story(
        make_night(verdict=Verdict("1", "moved", ("it moved",), (), tuple(changes))), "7", "run"
    )
    first, _, temp, plan, *_ = story.split("\n")
    assert first == "**Moved**: it moved."
    assert temp.startswith("- **temp**: median ")
    assert temp.endswith("× 1000: a change of unit? (training baseline → 15 to 21 July 2013)")  # noqa: RUF001
    assert not any(risky in plan for risky in ("<b>", "|", "]("))
