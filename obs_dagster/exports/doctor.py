"""What `obs doctor --textfile` writes beside the present samples: that it looked, and what it found."""

from __future__ import annotations

from obs_dagster.exports.sample import Gauge

LOOKED = Gauge("obs_doctor_timestamp_seconds", "When `obs doctor` looked last.", (), "seconds")
FINDINGS = Gauge(
    "obs_doctor_findings", "Findings of the last `obs doctor`, by status: ok, warn or fail.", ("status",)
)
DOCTORS = (LOOKED, FINDINGS)
