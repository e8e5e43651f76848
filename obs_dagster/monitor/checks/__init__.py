"""Rules about a monitor file as a whole, which see every mistake at once because they read the raw file."""

from __future__ import annotations

from obs_dagster.monitor.checks import (
    calendar,
    classes,
    columns,
    features,
    kinds,
    log_files,
    outside,
    rules,
    segments,
    sources,
    subjects,
    tasks,
)
from obs_dagster.monitor.checks.check import Check, Surroundings, Watched

CHECKS: tuple[Check, ...] = (
    tasks.task_is_known,
    tasks.task_has_its_columns,
    tasks.blocks_fit_the_task,
    calendar.time_zone_exists,
    calendar.schedule_is_cron,
    calendar.days_are_in_order,
    calendar.windows_are_sound,
    outside.variables_are_set,
    outside.paths_are_sound,
    outside.routes_are_urls,
    log_files.files_of_many_days_are_read_by_time,
    log_files.versions_are_known,
    log_files.labels_find_their_prediction,
    sources.tables_are_named,
    sources.connections_are_urls,
    columns.roles_have_their_own_column,
    columns.features_are_not_roles,
    columns.names_are_usable,
    classes.classes_differ,
    classes.decisions_have_a_column,
    columns.names_differ_by_more_than_case,
    kinds.kinds_are_content,
    features.bounds_are_sound,
    features.allowed_values_are_sound,
    segments.segments_are_features,
    segments.segments_are_distinct,
    rules.rule_names_are_distinct,
    rules.metrics_are_known,
    rules.metrics_fit_the_task,
    rules.metrics_have_their_input,
    rules.subjects_fit_the_metric,
    rules.cells_have_the_metric,
    rules.windows_are_evaluated,
    rules.windows_have_the_metric,
    rules.rules_have_one_threshold,
    rules.thresholds_are_written_well,
    rules.baselines_have_the_metric,
    subjects.columns_are_declared,
    subjects.classes_are_known,
    subjects.cells_are_declared,
)

__all__ = ["CHECKS", "Check", "Surroundings", "Watched"]
