"""What NannyML computes of a log, by obs-dagster: no versions, no segments, one statistic a column."""

from __future__ import annotations

from bench.clock import Clock, run

_QUALITY = ("roc_auc", "f1", "precision", "recall", "accuracy")


def evaluate(few: list[str], many: list[str], monitor: str) -> None:
    """Drift, realised and estimated performance from the reference and the current log.

    Args:
        few: a small reference and log, for what is loaded or compiled at first use.
        many: those that are measured.
        monitor: the monitor's file, without segments.
    """
    clock = Clock()
    with clock.importing():
        from bench.measured import ours

        described = ours.load(monitor)

    def work(files: list[str], clock: Clock) -> int:
        reference, current = files
        with clock.phase("reference"):
            grids = ours.fit(reference, described)
            baseline = ours.profile(reference, described, grids)
            known = ours.outcomes(reference, described, grids)
        with clock.phase("profile"):
            profile = ours.profile(current, described, grids)
        with clock.phase("outcomes"):
            outcomes = ours.outcomes(current, described, grids)
        with clock.phase("drift"):
            found = ours.drift(described, baseline, profile, ["jensen_shannon"])
        with clock.phase("realised"):
            found += ours.performance(described, outcomes, _QUALITY)
        with clock.phase("estimated"):
            expected = [f"estimated_{name}" for name in _QUALITY]
            found += ours.estimates(described, known, outcomes, expected)
        return found

    with clock.importing():
        work(few, Clock())
    clock.report(numbers=work(many, clock))


if __name__ == "__main__":
    run(evaluate)
