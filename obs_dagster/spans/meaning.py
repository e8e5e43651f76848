"""What spans are, by the conventions and by what the monitor says: SQL over the columns of any form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from obs_dagster.lake.quoting import literal
from obs_dagster.monitor.system import Components
from obs_dagster.spans.convention import CONVENTIONS, NUMBERS, Attribute


def meant(asked: Components, attributes: Sequence[str], spans: str) -> str:
    """SQL for what spans are, by the conventions."""
    conventions = list(CONVENTIONS.all().values())

    def value(each: Attribute) -> str:
        found = f"told[{attributes.index(each.name) + 1}]"
        return f"json_extract_string(TRY_CAST({found} AS JSON), '$.{each.field}')" if each.field else found

    def first(thing: str) -> str:
        found = [value(each) for convention in conventions for each in getattr(convention, thing)]
        return f"coalesce({', '.join(found)}, NULL)"

    numbers = ", ".join(f"TRY_CAST({first(thing)} AS DOUBLE) AS {thing}" for thing in NUMBERS)
    kinds = ", ".join(
        _kind(convention.kinds, value(each)) for convention in conventions for each in convention.kind
    )
    return (
        f"SELECT {trace_key('trace_id')} AS trace, {_hashed('trace_id', 'span_id')} AS id, "
        f"CASE WHEN parent_id IS NULL THEN 0 ELSE {_hashed('trace_id', 'parent_id')} END AS parent, "
        "began, coalesce(ended, -1) AS ended, CAST(failed AS INTEGER) AS failed, "
        f"CAST(coalesce({_one_of(asked.requests)}, false) AS INTEGER) AS wanted, "
        f"{_component(asked)} AS component, "
        "coalesce(input, 0) AS tokens_in, coalesce(output, 0) AS tokens_out, "
        "least(coalesce(cached, 0), coalesce(input, 0)) AS cached, coalesce(retries, 0) AS retries, "
        f"coalesce(cost, {_priced(asked)}, 'nan') AS cost, trim(version, '\"') AS version, scored "
        f"FROM (SELECT *, coalesce({kinds}, NULL) AS kind, {first('called')} AS called, "
        f"{first('model')} AS model, {first('version')} AS version, {numbers} FROM ({spans})) "
        "WHERE trace_id IS NOT NULL AND span_id IS NOT NULL"
    )


def _kind(kinds: Mapping[str, str], value: str) -> str:
    """SQL for the kind that a convention's word stands for; MLflow's words are in quotes."""
    cases = " ".join(f"WHEN {literal(word)} THEN {literal(kind)}" for word, kind in kinds.items())
    return f"CASE lower(trim({value}, '\"')) {cases} END"


def _component(asked: Components) -> str:
    """SQL for the component that a span is of; null if it is a part of what it was called by."""
    cases = [f"WHEN name GLOB {literal(pattern)} THEN {literal(each)}" for pattern, each in asked.patterns]
    # the span of a chat with a model is called `chat gpt-4o`, that of a tool `execute_tool search`
    called = "coalesce(trim(called, '\"'), name, '')"
    cases.append(f"WHEN kind IS NOT NULL THEN kind || ' ' || {called}")
    return f"CASE {' '.join(cases)} END"


def _priced(asked: Components) -> str:
    """SQL for what the tokens of a span cost by the monitor's prices; null without one."""
    cases = []
    for pattern, price in asked.prices.items():
        kept = price.input if price.cached is None else price.cached
        cost = (
            f"((coalesce(input, 0) - least(coalesce(cached, 0), coalesce(input, 0))) * {price.input!r} "
            f"+ least(coalesce(cached, 0), coalesce(input, 0)) * {kept!r} "
            f"+ coalesce(output, 0) * {price.output!r}) / 1e6"
        )
        cases.append(
            f"WHEN trim(model, '\"') GLOB {literal(pattern)} AND (input IS NOT NULL OR output IS NOT NULL) "
            f"THEN {cost}"
        )
    return f"CASE {' '.join(cases)} END" if cases else "NULL"


def _one_of(patterns: Sequence[str]) -> str:
    """SQL for whether the name is one of some names or patterns."""
    found = " OR ".join(f"name GLOB {literal(each)}" for each in patterns)
    return f"({'true' if '*' in patterns else found})"


def trace_key(value: str) -> str:
    """SQL for a number that stands for a trace, below 2^63; however its id is written.

    The same whenever it is asked for: rows of the log are matched by it. MLflow calls the trace of an id of
    OpenTelemetry `tr-…`, X-Ray `1-…-…`.

    Args:
        value: SQL for the id.
    """
    plain = f"regexp_replace(lower(trim(CAST({value} AS VARCHAR))), '^(tr-|1-)|-', '', 'g')"
    return f"CAST(md5_number_lower({plain}) >> 1 AS BIGINT)"


def _hashed(*columns: str) -> str:
    """SQL for a number that stands for ids, below 2^63.

    DuckDB's own hash is the same for many texts that differ in two places, as ids that count up do.
    """
    return f"CAST(md5_number_lower(concat_ws('/', {', '.join(columns)})) >> 1 AS BIGINT)"
