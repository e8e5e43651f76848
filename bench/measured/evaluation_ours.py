"""Profile, drift of every column, quality per segment and before labels, by obs-dagster."""

from __future__ import annotations

from bench.clock import Clock, run


def evaluate(few: list[str], many: list[str], monitor: str) -> None:
    """Everything from the reference and the current log; a night has the reference's part stored."""
    clock = Clock()
    with clock.importing():
        from bench.measured import ours

        described = ours.load(monitor)

    def work(files: list[str], clock: Clock) -> dict[str, int]:
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
            drifted = ours.drift(described, baseline, profile)
        with clock.phase("quality"):
            qualities = ours.performance(described, outcomes)
        with clock.phase("estimates"):
            estimates = ours.estimates(described, known, outcomes)
        return {
            "drift": drifted,
            "quality": qualities,
            "estimates": estimates,
            "counts": profile.table.num_rows,
        }

    with clock.importing():
        work(few, Clock())
    clock.report(**work(many, clock))


if __name__ == "__main__":
    run(evaluate)
