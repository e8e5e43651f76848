"""What one night says about a rule.

Each night with a record is one of:

- *unknown*: no value, or fewer rows than the rule's `min_rows` (a metric that counts rows is known however
  few there are). It changes nothing: a streak neither grows nor breaks, an alert keeps its state. So does a
  night without a record.
- *breach*: the value lies beyond the threshold; where the rule asks for confidence and there is an
  interval, so does the interval's nearer end.
- *unsure*: the value lies beyond the threshold, its interval reaches back over it; or days differ so anyway,
  where the rule asks for that.
- *ok*: the value is on the right side, whatever its interval.
"""

from __future__ import annotations

from collections.abc import Mapping

from obs_dagster.alerts.rules.observation import Observation, Reference, Verdict
from obs_dagster.metrics.registry import tallies
from obs_dagster.monitor import Rule
from obs_dagster.monitor.threshold import Whole

LIKELY = 0.1
"""What one quiet day of ten is as far off as is no breach of a rule that asks for more."""


def threshold(rule: Rule, night: Observation) -> float | None:
    """What the value of a night is held against; None if nothing sound is known to hold it against.

    A part of another value has four digits, so that what people read is what was held against.
    """
    rule = night.part or rule
    held = rule.threshold
    if held.of is None:
        return held.number
    if night.baseline is None or why_no_threshold(rule, night):
        return None
    usual = night.baseline
    if held.of == "budget":
        return usual.value
    number = usual.value + held.number * usual.spread if held.of == "band" else held.number * usual.value
    return float(f"{number:.4g}")


def why_no_threshold(rule: Rule, night: Observation) -> str:
    """Why there is nothing to hold a night against; empty if there is.

    A part of another value says nothing if that is of few rows, if nobody knows how sure it is, or if it
    is not above 0, where a larger part is no larger number. A multiple of 0 is 0 where the value has to be
    beyond a plain number as well: without that, whatever is more than nothing would be a breach.
    """
    rule = night.part or rule
    of, baseline = rule.threshold.of, night.baseline
    if of is None:
        return ""
    where, its = _TOLD[of]
    where, its = (text.format(rule.threshold) for text in (where, its))
    if baseline is None:
        return night.without or f"{its} is not known"
    if baseline.n < rule.min_rows:
        return f"fewer than {rule.min_rows:,} rows {where}"
    if baseline.value <= 0 and of not in ("band", "budget") and not (night.floored and baseline.value == 0):
        return f"{its} is not above 0"
    if rule.confident and _nearer(rule, night) is not None and _end(rule, baseline) is None:
        return f"how sure {its} is, is not known"
    return ""


#: What a value is held against, as where it was measured, and in its own words; a `Threshold` fills them.
_TOLD: Mapping[Whole, tuple[str, str]] = {
    "baseline": ("on the baseline", "its value on the baseline"),
    "usual": ("usually", "its usual value"),
    "band": ("usually", "its usual value"),
    "version": ("of version {0.version}", "the value of version {0.version}"),
    "budget": ("of evidence", "what the budget takes"),
    "ago": ("{0.days} days ago", "its value {0.days} days ago"),
}


def _end(rule: Rule, baseline: Reference) -> float | None:
    """The end of the baseline's interval that is farther on the wrong side."""
    return baseline.high if rule.direction == "above" else baseline.low


def _nearer(rule: Rule, night: Observation) -> float | None:
    """The end of a night's interval that is nearer to the right side."""
    return night.low if rule.direction == "above" else night.high


def excess(rule: Rule, number: float, held: float) -> float:
    """How far a number lies beyond a threshold of the rule; negative or 0 on the right side."""
    return held - number if rule.direction == "below" else number - held


def judge(rule: Rule, observation: Observation) -> Verdict:
    """What one night says about the rule.

    A threshold that is a part of the baseline's value is as unsure as that: the value's interval must clear
    the baseline's. What is usual counts as it is.
    """
    if observation.verdict is not None:
        return observation.verdict
    held = threshold(rule, observation)
    if observation.value is None or held is None:
        return Verdict.UNKNOWN
    if observation.n < rule.min_rows and rule.metric not in tallies():
        return Verdict.UNKNOWN
    if excess(rule, observation.value, held) <= 0:
        return Verdict.OK
    return Verdict.BREACH if _sure(rule, observation, held) else Verdict.UNSURE


def _sure(rule: Rule, observation: Observation, held: float) -> bool:
    """Whether a value beyond the threshold is so for sure, as far as the rule asks for that."""
    if rule.beyond_days and observation.likely is not None and observation.likely >= LIKELY:
        return False
    nearer = _nearer(rule, observation)
    if not rule.confident or nearer is None:
        return True
    between = excess(rule, nearer, _farther(rule, observation, held))
    between -= (observation.margin - 1) * _reach(rule, observation, held)
    return between > 0


def clears_by(rule: Rule, night: Observation) -> float | None:
    """How many times farther from its value an interval's end may lie for the night to be a breach still.

    A number that is not above 1 is no breach. None: the night is no test, for it cannot be judged, or there
    is no interval.
    """
    held = threshold(rule, night)
    if night.value is None or held is None or _nearer(rule, night) is None:
        return None
    if night.n < rule.min_rows and rule.metric not in tallies():
        return None
    beyond, reach = excess(rule, night.value, held), _reach(rule, night, held)
    if beyond <= 0:
        return 0.0
    return beyond / reach if reach > 0 else float("inf")


def _reach(rule: Rule, night: Observation, held: float) -> float:
    """How far value and threshold may come towards each other within their intervals; 0 without any."""
    nearer = _nearer(rule, night)
    if nearer is None or night.value is None:
        return 0.0
    own = excess(rule, night.value, nearer)
    return own + excess(rule, _farther(rule, night, held), held)


def why_unknown(rule: Rule, night: Observation) -> str:
    """Why a night cannot be judged."""
    rule = night.part or rule
    if night.value is None:
        return night.reason or "no value"
    return why_no_threshold(rule, night) or f"fewer than {rule.min_rows:,} rows"


def _farther(rule: Rule, night: Observation, held: float) -> float:
    """The end of a threshold's own interval that is farther on the wrong side."""
    if rule.threshold.of is None or night.baseline is None:
        return held
    end = _end(rule, night.baseline)
    return held if end is None or rule.threshold.of == "band" else rule.threshold.number * end
