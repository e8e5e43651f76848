"""MLflow's attributes, whose values are JSON.

"Span Concepts" and "Token Usage and Cost Tracking" of MLflow 3.
"""

from __future__ import annotations

from obs_dagster.spans.convention import Attribute, Convention

_USAGE = "mlflow.chat.tokenUsage"

CONVENTION = Convention(
    name="mlflow",
    kind=(Attribute("mlflow.spanType"),),
    kinds={
        "llm": "llm",
        "chat_model": "llm",
        "retriever": "retriever",
        "reranker": "reranker",
        "embedding": "embedding",
        "tool": "tool",
        "agent": "agent",
        "guardrail": "guardrail",
        "evaluator": "evaluator",
        "parser": "parser",
        "memory": "memory",
    },
    called=(Attribute("mlflow.llm.model"),),
    model=(Attribute("mlflow.llm.model"),),
    input=(Attribute(_USAGE, "input_tokens"),),
    output=(Attribute(_USAGE, "output_tokens"),),
    cached=(Attribute(_USAGE, "cache_read_input_tokens"),),
    cost=(Attribute("mlflow.llm.cost", "total_cost"),),
)
