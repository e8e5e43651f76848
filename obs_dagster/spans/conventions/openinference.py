"""OpenInference, as Phoenix and its instrumentations write it.

"OpenInference Semantic Conventions", github.com/Arize-ai/openinference, `spec/semantic_conventions.md`, and
"Annotations and Evaluations", `spec/annotations.md`.
"""

from __future__ import annotations

from obs_dagster.spans.convention import Attribute, Convention

_KINDS = ("llm", "embedding", "retriever", "reranker", "tool", "agent", "guardrail", "evaluator")

CONVENTION = Convention(
    name="openinference",
    kind=(Attribute("openinference.span.kind"),),
    kinds={kind: kind for kind in _KINDS},
    called=(
        Attribute("tool.name"),
        Attribute("llm.model_name"),
        Attribute("embedding.model_name"),
        Attribute("reranker.model_name"),
    ),
    model=(
        Attribute("llm.model_name"),
        Attribute("embedding.model_name"),
        Attribute("reranker.model_name"),
    ),
    input=(Attribute("llm.token_count.prompt"),),
    output=(Attribute("llm.token_count.completion"),),
    cached=(
        Attribute("llm.token_count.prompt_details.cache_read"),
        Attribute("llm.token_count.prompt_details.cache_input"),
    ),
    cost=(Attribute("llm.cost.total"),),
    scored=(
        ("evaluations", "evaluation"),
        ("annotations", "annotation"),
        ("trace.evaluations", "evaluation"),
        ("trace.annotations", "annotation"),
    ),
)
