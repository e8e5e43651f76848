"""The language of texts, by the frequencies of byte sequences (py3langid, trained on 97 languages)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from obs_dagster.content.protocol import Function

if TYPE_CHECKING:
    from collections.abc import Callable

#: Characters of a text that are looked at, and letters that it has at least.
_LOOKED_AT, _FEWEST = 400, 12
#: What is less likely than this is not said.
_SURE = 0.5


def languages(texts: Any) -> pa.Array:
    """The ISO 639-1 code of each text's language, `unknown` where it is too short or may be several."""
    return pa.array([_language(text) for text in texts.to_pylist()], pa.string())


def _language(text: str | None) -> str | None:
    if text is None:
        return None
    beginning = text[:_LOOKED_AT]
    if sum(map(str.isalpha, beginning)) < _FEWEST:
        return "unknown"
    language, probability = _classify()(beginning)
    return language if probability >= _SURE else "unknown"


@cache
def _classify() -> Callable[[str], tuple[str, float]]:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    classify: Callable[[str], tuple[str, float]] = LanguageIdentifier.from_model_file(
        MODEL_FILE, norm_probs=True
    ).classify
    return classify


LANGUAGE = Function("obs_language", ("VARCHAR",), "VARCHAR", languages)
