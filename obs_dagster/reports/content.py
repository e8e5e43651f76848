"""Rows whose content is like the baseline's, and least like it, as sections of pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from obs_dagster.evaluation.typical import Shown
from obs_dagster.tasks.sections import Gallery, GalleryItem, Section
from obs_dagster.verdict.wording import plain


def content_sections(shown: Sequence[Shown]) -> Mapping[str, tuple[Section, ...]]:
    """What pages show of each version: per descriptor the rows that are furthest, then the nearest."""
    kinds = dict.fromkeys((each.version, each.column, each.descriptor, each.far) for each in shown)
    found: dict[str, list[Section]] = {}
    for kind in sorted(kinds, key=lambda each: (*each[:3], not each[3])):
        version, column, descriptor, far = kind
        items = [
            GalleryItem(each.prediction_id, f"{descriptor} {plain(each.distance)}", each.texts, each.pictures)
            for each in shown
            if (each.version, each.column, each.descriptor, each.far) == kind
        ]
        title = f"{column}: {'least like' if far else 'most like'} the baseline"
        found.setdefault(version, []).append(Gallery(title, items))
    return {version: tuple(sections) for version, sections in found.items()}
