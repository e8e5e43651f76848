"""Stage: why each version scores as it does."""

import dagster as dg

from assets.partitions import days_of
from assets.plots import image
from assets.progress import tracked
from assets.resources import Platform
from assets.rules import checks_of, results_of, rules_of
from assets.stage import LATE, stage
from assets.tables import table
from obs_dagster.alerts import evaluate_rules
from obs_dagster.alerts.moved import from_lake
from obs_dagster.evaluation.windows import day_profile
from obs_dagster.explain.day import explain_days
from obs_dagster.explain.kept import explanation_files
from obs_dagster.explain.version_explained import COLUMNS, summary_table
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import family
from obs_dagster.monitor import Monitor


def build(monitor: Monitor) -> dg.AssetsDefinition:
    """The asset for one monitor."""

    @stage(
        monitor,
        "explanations",
        after=["profile", "registered_model", "baseline"],
        kinds=["shap", "mlflow"],
        checks=checks_of(monitor, "explanations"),
        priority=LATE,
    )
    def explanations(context: dg.AssetExecutionContext, platform: Platform) -> dg.MaterializeResult[None]:
        """SHAP values of a sample of each version's predictions: importance, bar and beeswarm plots."""
        night = platform.night(monitor, context.run_id)
        records: list[MetricRecord] = []
        days = days_of(context)
        served = [(day, day_profile(night, day).versions()) for day in days]
        explaining = explain_days(monitor, served, night.lake, platform.tracking_uri)
        for day, explained in tracked(context, explaining, len(days)):
            for each in explained:
                for column, metrics in each.estimates(monitor.inputs).items():
                    records += night.recorder.records(
                        metrics, version=each.version, day=day, window=1, column=column
                    )
            metadata: dict[str, dg.MetadataValue] = {"versions": table(summary_table(explained), COLUMNS)}
            for each in explained:
                files = explanation_files(monitor, day, each.version, night.lake)
                if files:
                    plot = image("SHAP", files["shap_bar.png"].read_bytes())
                    metadata[f"importance · version {each.version}"] = plot
            context.add_asset_metadata(metadata, partition_key=day.isoformat())
        with platform.history() as history:
            history.replace_metrics(records, model=monitor.model, days=days, metrics=family("explanation"))
            if not rules_of(monitor, "explanations"):
                return dg.MaterializeResult()
            # `alerts` did not wait for these records
            summary = evaluate_rules(
                monitor,
                history,
                as_of=max(days),
                now=platform.now(),
                run_id=context.run_id,
                moved=from_lake(night.lake),
            )
        return dg.MaterializeResult(check_results=results_of(monitor, "explanations", summary, night.lake))

    return explanations
