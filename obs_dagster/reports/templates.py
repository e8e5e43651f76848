"""What pages are rendered with: the templates of a page, beside the colours and badges of the health page."""

from __future__ import annotations

from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from obs_dagster.verdict.wording import day_month

_COMMON = "obs_dagster.reports.health"


@cache
def environment(page: str) -> Environment:
    """The templates in the folder of a page, and those of the health page, which all pages share.

    Args:
        page: the module beside the folder, by its `__name__`.
    """
    package = page.rpartition(".")[0]
    found = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in dict.fromkeys((package, _COMMON))]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["day_month"] = day_month
    return found
