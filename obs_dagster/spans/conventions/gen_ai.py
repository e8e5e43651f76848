"""OpenTelemetry's semantic conventions for generative AI, and its count of requests that were sent again.

"Semantic conventions for generative client AI spans" and "… for GenAI agent and framework spans",
opentelemetry.io; before version 1.27 tokens were `gen_ai.usage.prompt_tokens` and `completion_tokens`.
"""

from __future__ import annotations

from obs_dagster.spans.convention import Attribute, Convention, ScoredEvent

CONVENTION = Convention(
    name="gen_ai",
    kind=(Attribute("gen_ai.operation.name"),),
    kinds={
        "chat": "llm",
        "text_completion": "llm",
        "generate_content": "llm",
        "embeddings": "embedding",
        "retrieval": "retriever",
        "execute_tool": "tool",
        "invoke_agent": "agent",
        "create_agent": "agent",
    },
    called=(
        Attribute("gen_ai.tool.name"),
        Attribute("gen_ai.agent.name"),
        Attribute("gen_ai.data_source.id"),
        Attribute("gen_ai.request.model"),
    ),
    model=(Attribute("gen_ai.response.model"), Attribute("gen_ai.request.model")),
    input=(Attribute("gen_ai.usage.input_tokens"), Attribute("gen_ai.usage.prompt_tokens")),
    output=(Attribute("gen_ai.usage.output_tokens"), Attribute("gen_ai.usage.completion_tokens")),
    cached=(
        Attribute("gen_ai.usage.cache_read.input_tokens"),
        Attribute("gen_ai.usage.cache_read_input_tokens"),
    ),
    cost=(Attribute("gen_ai.usage.cost"),),
    retries=(Attribute("http.request.resend_count"),),
    scored_event=ScoredEvent(
        "gen_ai.evaluation.result",
        name="gen_ai.evaluation.name",
        score="gen_ai.evaluation.score.value",
        label="gen_ai.evaluation.score.label",
    ),
)
