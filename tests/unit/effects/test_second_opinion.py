"""EconML on the same rows: another way to the same effect."""

import sys

import pytest

from bench.effect import WORLDS
from obs_dagster.effects.estimate import estimated
from obs_dagster.effects.second_opinion import SecondOpinionError, second_opinions


@pytest.mark.parametrize("name", ["features", "numbers"])
def test_other_learners_agree(name):
    rows = WORLDS[name].rows(4, 400)
    own, others = estimated(rows, 0).effect, second_opinions(rows, 0)
    robust = others.pop("doubly robust learner")
    # the same estimator with other nuisance models; its error knows nothing of days
    assert robust.value == pytest.approx(own.value, abs=own.error)
    assert robust.error == pytest.approx(own.error, rel=0.5)
    assert set(others) == {"S-learner", "T-learner", "X-learner"}
    for each in others.values():
        assert each == pytest.approx(own.value, abs=2.5 * own.error)


def test_without_the_library_it_says_which_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "econml.dr", None)
    with pytest.raises(SecondOpinionError, match="EconML") as refused:
        second_opinions(WORLDS["random"].rows(0, 20), 0)
    assert "obs-dagster[causal]" in refused.value.remedy
