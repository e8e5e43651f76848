"""What is shown of a model whose monitor file is wrong: that it has no nights, and why."""

from __future__ import annotations

import re

import dagster as dg

from obs_dagster.monitor.loading import Faulty

_MOST = 20
"""Mistakes that are listed."""


def build(faulty: Faulty) -> dg.AssetSpec:
    """An asset that nothing makes, with the mistakes of the file as its description."""
    name = re.sub(r"\W", "_", faulty.model)
    told = "\n".join(f"- {problem}" for problem in faulty.problems[:_MOST])
    more = len(faulty.problems) - _MOST
    rest = f"\n- and {more} more" if more > 0 else ""
    return dg.AssetSpec(
        dg.AssetKey([name, "monitor_file"]),
        description="**The monitor cannot be used, so there are no nights.**\n\n"
        f"{told}{rest}\n\n"
        "Mend the file (`obs check` lists every mistake), then reload the code location.",
        group_name=name,
        kinds={"yaml"},
        tags={"obs/model": name, "obs/stage": "monitor_file"},
    )
