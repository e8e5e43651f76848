"""The tables of the lake that hold what days were reduced to."""

from __future__ import annotations

#: Counts per version, segment and column.
PROFILES = "profile"
#: Predictions with their labels, as counts.
OUTCOMES = "outcomes"
#: Few rows of each day, for metrics of several columns.
SAMPLED = "multivariate_rows"
#: Outcomes of days whose labels are complete, by how old each label was when it came.
LABEL_AGES = "label_ages"
#: Requests of each day by version and hour.
HOURS = "hours"
#: Spans of the requests of each day, as counts of components.
COMPONENTS = "components"
#: Which part components took in each request, by a key of its trace.
COMPONENT_PARTS = "component_parts"
#: Predictions with their labels, as counts by which part components took.
COMPONENT_OUTCOMES = "component_outcomes"
