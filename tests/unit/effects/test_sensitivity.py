"""E-values, against those of the paper."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.effects.by_day import Mean
from obs_dagster.effects.sensitivity import e_value, of_difference, of_ratio


def test_the_example_of_the_paper():
    # VanderWeele and Ding (2017): a risk ratio of 3.9 (1.8 to 8.7) has the E-values 7.26 and 3.0
    found = of_ratio(Mean(np.log(3.9), 0.4, np.log(1.8), np.log(8.7), 0.001, 14))
    assert (found.explains, found.shakes) == pytest.approx((7.26, 3.0), abs=0.01)


def test_an_interval_with_no_effect_in_it_is_shaken_by_nothing():
    found = of_difference(Mean(0.1, 0.2, -0.3, 0.5, 0.6, 14), 1.0)
    assert found.shakes == 1.0
    assert found.explains > 1.0


@given(st.floats(0.05, 20))
def test_a_bias_of_two_such_causes_explains_the_ratio(ratio):
    # the bias of a cause that makes both e times likelier is at most e² / (2 e - 1)
    e = e_value(ratio)
    assert e**2 / (2 * e - 1) == pytest.approx(max(ratio, 1 / ratio), rel=1e-6)
