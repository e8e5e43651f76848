import datetime as dt

import numpy as np
import pytest

from obs_dagster.metrics.anomaly import HealthNumbers, LatencyNumbers, anomaly
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.record import NO_ROWS

FIRST = dt.date(2024, 1, 1)
WEEK = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.4, 0.4])


def season(nights, seed=0):
    """Nights whose volume has weekends, whose latency goes with the volume, and whose drift is noise."""
    rng = np.random.default_rng(seed)
    load = np.resize(WEEK, nights) * rng.lognormal(0, 0.05, nights)
    numbers = {
        "volume": 10_000 * load,
        "median latency": 80 + 20 * load + rng.normal(0, 1, nights),
        "p99 latency": 200 + 100 * load + rng.normal(0, 5, nights),
        "PSI": rng.gamma(2, 0.01, nights),
        "error share": rng.beta(2, 400, nights),
    }
    return [
        (FIRST + dt.timedelta(days=night), {name: float(values[night]) for name, values in numbers.items()})
        for night in range(nights)
    ]


def night(nights, **changes):
    *before, (day, numbers) = nights
    return HealthNumbers(day, 10_000, before, {**numbers, **changes}, seed=7)


def test_a_usual_night_is_not_anomalous_and_an_odd_one_is_told_in_its_numbers():
    usual = anomaly(night(season(70)))
    assert usual.value < 5
    assert anomaly(night(season(69))).reason == "No number stands out by itself."
    odd = anomaly(night(season(70), **{"p99 latency": 900.0, "error share": 0.09}))
    assert odd.value > 20
    assert odd.reason.startswith("What stands out: p99 latency 900 (usually ")
    assert "error share 0.09" in odd.reason
    assert "volume" not in odd.reason


def test_quiet_nights_seldom_lie_five_spreads_out():
    nights = season(160, seed=3)
    values = [anomaly(night(nights[end - 85 : end])).value for end in range(86, 161, 5)]
    assert max(values) < 5
    assert np.median(values) < 1


def test_a_sunday_with_the_load_of_a_monday_is_odd():
    nights = season(70)
    sunday = nights[: next(place for place in range(60, 70) if nights[place][0].weekday() == 6) + 1]
    monday = {"volume": 10_000.0, "median latency": 100.0, "p99 latency": 300.0}
    assert anomaly(night(sunday)).value < 5 < anomaly(night(sunday, **monday)).value


def test_what_is_not_known_is_a_reason():
    assert anomaly(HealthNumbers(FIRST, 0, [], {}, 0)).reason == NO_ROWS
    assert anomaly(night(season(20))).reason == "19 of the 28 nights that are needed to know what is usual"
    flat = [(FIRST + dt.timedelta(days=number), {"volume": 5.0}) for number in range(40)]
    assert anomaly(night(flat)).value is None


def test_a_number_that_is_new_or_gone_does_not_matter():
    nights = season(70)
    nights[-1][1]["quarantined share"] = 0.5
    del nights[-1][1]["PSI"]
    assert anomaly(night(nights)).value < 5


def test_a_night_gives_the_same_again():
    assert anomaly(night(season(70))) == anomaly(night(season(70)))


@pytest.mark.parametrize(
    ("kind", "name"), [(HealthNumbers, "health_anomaly"), (LatencyNumbers, "latency_anomaly")]
)
def test_each_metric_has_its_numbers(kind, name):
    *before, (day, numbers) = season(40)
    assert list(evaluate("anomaly", kind(day, 100, before, numbers, 0))) == [name]
