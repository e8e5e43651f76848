import doctest

import pytest

from bench import options, report, results, table
from bench.detection.compared import EQUAL, MONTHLY, PEERS, TUNED
from bench.measurement import Measurement
from bench.parts import (
    PARTS,
    alarms,
    backfill,
    content,
    detection,
    evaluation,
    expectations,
    fleet,
    night,
    objects,
    same_work,
    scan,
    serving,
    spark,
    tasks,
    telemetry,
    width,
    windows,
)

TOOK = Measurement(
    seconds=2.0,
    cpu=3.0,
    peak=300_000_000,
    imports=1.5,
    phases={"reference": 0.5, "profile": 1.0, "drift": 0.5, "merge": 0.25, "scan": 1.0},
    facts={"counts": 5_000, "bytes": 2_800_000, "days": 28, "expectations": 60},
    runs=3,
).to_json()
SERVED = {"micros": 12.34, "per_second": 31_000.0, "dropped": 0}
FAILED = Measurement(failure="ended above 16.0 GB").to_json()

MEASURED = {
    evaluation.NAME: {
        "rows": 1_000_000,
        "obs-dagster": TOOK,
        "nannyml": {**TOOK, "seconds": 8.0},
        "whylogs": FAILED,
    },
    same_work.NAME: {
        "rows": 1_000_000,
        "obs-dagster": TOOK,
        "nannyml": {**TOOK, "seconds": 8.0, "phases": {"reference": 2.0, "drift": 5.5}},
    },
    scan.NAME: {"rows": 1_000_000, "scan": {**TOOK, "seconds": 0.5}, "profile": TOOK},
    night.NAME: {
        "rows": 10_000,
        "first": 60.0,
        "wall": 40.0,
        "imports": 16.0,
        "stages": {"profile": 4.0, "mlflow_report": 16.0},
        "peak": 900_000_000,
        "nights": 3,
        "failure": "",
    },
    objects.NAME: {
        "rows": 10_000_000,
        "places": {
            name: {
                "failure": "",
                "wall": wall,
                "cpu": wall,
                "server": 7.0,
                "peak": 900_000_000,
                "stages": {"profile": 4.0},
            }
            for name, wall in (("on disk", 50.0), ("in a bucket", 60.0))
        },
    },
    telemetry.NAME: {
        "rows": 10_000,
        "failure": "",
        "pairs": 3,
        "off": 10.0,
        "on": 10.2,
        "always": 0.001,
        "telemetry": 0.25,
        "shares": [0.02, 0.025, 0.03],
        "share_error": 0.001,
        "ratios": [1.0, 1.02, 1.03],
    },
    tasks.NAME: {
        "rows": 1_000_000,
        "tasks": {
            task: {
                "failure": "",
                "wall": 20.0 * k,
                "times": 1.0 * k,
                "cpu": 30.0 * k,
                "cpu_times": 1.0 * k,
                "stages": {"drift": 2.0},
                "peak": 900_000_000,
            }
            for k, task in enumerate(("binary_classification", "regression"), 1)
        },
    },
    fleet.NAME: {
        "rows": 10_000,
        "monitors": 100,
        "first": 400.0,
        "wall": 300.0,
        "cpu": 580.0,
        "peak": 900_000_000,
        "failure": "",
    },
    backfill.NAME: {
        "days": 365,
        "wall": 730.0,
        "stages": {"profile": 30.0, "drift": 600.0},
        "peak": 900_000_000,
        "failure": "",
        "disk": {"lake": 1, "history.db": 2, "mlflow.db": 3, "mlartifacts": 4, "dagster": 5},
    },
    width.NAME: {"rows": 1_000_000, "columns": 1_000, "segments": 2, "versions": 2, **TOOK},
    expectations.NAME: {"rows": 10_000_000, "columns": 20, **TOOK},
    spark.NAME: {
        "rows": 10_000_000,
        "duckdb": {**TOOK, "facts": {"python": 300_000_000, "java": 0}},
        "spark": {**TOOK, "seconds": 5.0, "facts": {"python": 200_000_000, "java": 400_000_000}},
    },
    windows.NAME: {"rows": 10_000, **TOOK},
    serving.NAME: {
        "rows": 100_000,
        **{way: {**TOOK, "facts": SERVED} for way in ("record", "middleware", "parquet", "prometheus")},
        "spans": FAILED,
    },
}
INCIDENT = {
    "version": "1",
    "since": "2013-06-16",
    "until": "2013-08-04",
    "state": "firing",
    "rules": ["recall_lost", "scores_moved"],
    "columns": ["score"],
}
ALARMS = {
    "undisturbed": {"nights": 56, "first": "2013-06-10", "incidents": [INCIDENT]},
    "with faults": {
        "faults": {
            "nulls": {"night": 1, "rules": ["values_gone"], "more": 0},
            "a unit": {"night": None, "rules": [], "more": 0},
        }
    },
}
NIGHTS = {"nulls/0": 3, "nulls/1": 1, "nulls/2": None}
DETECTED = {
    "flights": {
        "columns": 10,
        "nights": 73,
        "tools": {
            tool: {"found": NIGHTS, "alarms": 4, "by": {}}
            for tool in (
                *(f"obs-dagster{how}" for how in ("", EQUAL, MONTHLY)),
                *(f"{peer}{how}" for peer in PEERS for how in ("", TUNED, EQUAL, MONTHLY)),
            )
        },
    }
}
EXPECTED = {
    evaluation.NAME: [
        "| 1M | obs-dagster | 2.00 | 1.0 | 500,000 | 2.75 | 1.50 | 300 |",
        "| 1M | nannyml 0.13.1 | 8.00 | 4.0 | 125,000 |",
        "| 1M | whylogs 1.6.4 | ended above 16.0 GB |",
    ],
    scan.NAME: ["| 1M | profile | 2.00 | 500,000 | 3.00 | 4.0 | 1.0 | 300 |", "sum(normal)"],
    night.NAME: [
        "| **the whole night** | **40.0** |",
        "| start of the program, and between stages | 20.0 |",
        "| importing the libraries, just before | 16.0 |",
    ],
    objects.NAME: [
        "| **the whole night** | 50.0 | 60.0 | 1.20 |",
        "| profile | 4.00 | 4.00 | 1.00 |",
        "| CPU seconds of the server |  | 7.00 |",
        "| peak MB | 900 | 900 |",
    ],
    same_work.NAME: ["| 1M | obs-dagster | 2.75 | 1.0 | 2.00 |", "| 5.50 | 2.0 | 8.00 |"],
    telemetry.NAME: ["| 10k | 10.0 | 10.2 | 0.250 | +2.5 % | 1.9 to 3.1 % | +2.0 % | +0.0 % | +3.0 % | 3 |"],
    tasks.NAME: [
        "| seconds, 1M rows | binary classification | regression |",
        "| **the whole night** | **20.0** | **40.0** |",
        "| times the binary night | 1.00 | 2.00 |",
        "| the same, by CPU seconds | 1.00 | 2.00 |",
    ],
    fleet.NAME: ["| 100 | 10k | 300 | 3.00 | 5.80 | 400 | 900 |"],
    backfill.NAME: ["| 365 days | 730 | 2.00 | 900 | drift 600, profile 30.0 |"],
    width.NAME: ["| 1M | 1,000 | 2 | 2 | 1.00 | 0.500 | 5,000 | 2.8 | 300 |"],
    expectations.NAME: ["| 10M | 20 | 60 | 2.00 | 5,000,000 | 300 |"],
    spark.NAME: [
        "| 10M rows, one process | 2.00 | reference 0.500, profile 1.00, drift 0.500, merge 0.250, ",
        "| 10M rows, two workers of Spark | 5.00 | ",
        "scan 1.00 | 600 |",
    ],
    alarms.NAME: [
        "| 1 | 2013-06-16 to 2013-08-04 | recall_lost, scores_moved | `score` |",
        "| nulls | 1 | `values_gone` |",
        "| a unit | not within two | none |",
    ],
    detection.NAME: [
        "| flights | at equal false alarms | 2 | 2 | 0 | 3 | 0 | 2.00 and 2.00 |",
        "| flights | obs-dagster | 100% | 100% | 0% | 2 | 4 | 2.0 |",
        "| nulls | 15% of rows | 1 | 1 | 1 |  |",
    ],
    windows.NAME: ["| 10k | 28 | 0.250 | 0.500 | 300 | 0.1 | 36 |"],
    serving.NAME: [
        "| the ASGI middleware and `log.record` | 12.3 | 31,000 | 0 | 1500 |",
        "| the same, with a span of OpenTelemetry's SDK, made afterwards | ended above 16.0 GB |",
    ],
}


CONTENT = {
    "texts": {
        "facts": {
            "rows": 500,
            "told": "reviews",
            "nights": 14,
            "alarms": [],
            "found": {"cut off": 1, "a new topic": None},
            "by": {"cut off": ["moved_beyond_days|text_words"], "a new topic": []},
        }
    },
    "pictures": {"facts": {"small": 4_000, "photos": 50}, "phases": {"small": 2.0, "photos": 1.0}},
}
EXPECTED[content.NAME] = [
    "**texts**, 500 a day: reviews; 0 alarms on 14 nights without a fault.",
    "| cut off | 1 | `moved_beyond_days` of `text_words` |",
    "| a new topic | not within two | nothing |",
]


@pytest.fixture
def kept(tmp_path):
    for part, measured in MEASURED.items():
        case = "365 days" if part == backfill.NAME else table.rows_of(measured["rows"])
        results.write(part, case, measured, tmp_path / "results")
    for case, facts in ALARMS.items():
        results.write(alarms.NAME, case, {**TOOK, "facts": facts}, tmp_path / "results")
    for case, measured in CONTENT.items():
        results.write(content.NAME, case, TOOK | measured, tmp_path / "results")
    for case, measured in DETECTED.items():
        results.write(detection.NAME, case, measured, tmp_path / "results")
    return tmp_path / "results"


HEADLINE = [
    "1M rows of 19 features, reference kept | 2.75 s; nannyml takes 1 times as long |",
    "| the same with the reference | 2.00 s; nannyml takes 4 times as long |",
    "| what nannyml computes of 1M rows, reference kept | 2.75 s; nannyml takes 2 times as long |",
    "| a profile of 1M rows, 24 columns | 2.00 s, 4.0 times a bare scan, 300 MB |",
    "| a whole night of 10k rows | 40.0 s, 2.5 times the imports alone, 900 MB |",
    "| a whole night of 10M rows in object storage | 60.0 s, 1.20 times one on disk |",
    "| the night of 100 models, 10k rows each | 300 s, 900 MB a process |",
    "| a night of regression, 1M rows | 40.0 s, 2.00 times the binary night, 900 MB |",
    "| 365 nights of flights in one run | 730 s, 900 MB |",
    "| profile and drift of 1M rows of 1,000 columns | 1.50 s, 300 MB |",
    "| 60 expectations over 10M rows of 20 columns | 2.00 s, 300 MB |",
    "| drift of a window of 28 days, 10k rows a day | 0.500 s; a year's profiles 36 MB |",
    "| a service's log, 20 features | 12 µs a request, 31,000 rows/s of a core |",
    "| faults of texts, embeddings and images that are found within two nights | 1 of 2 |",
    "| default rules, 56 nights of real flights without a fault | 1 incident |",
    "| severe faults that raise an incident within two nights | 1 of 2 |",
    "| faults found, of 3 in 1 worlds | obs-dagster 67%, evidently 67%, nannyml 67% |",
]


def document(folder, parts=(report.HEADLINE, *PARTS)):
    path = folder / "performance.md"
    marked = "\n".join(f"<!-- results: {name} -->\nold {name}\n<!-- end of {name} -->" for name in parts)
    path.write_text(f"before\n{marked}\nafter\n")
    for part in {getattr(each, "DOCUMENT", path.name) for each in PARTS.values()} - {path.name}:
        path.with_name(part).write_text(path.read_text())
    return path


def text_of(part, path):
    return path.with_name(getattr(PARTS.get(part), "DOCUMENT", path.name)).read_text()


def test_the_report_has_every_part(kept, tmp_path):
    path, chart = document(tmp_path), tmp_path / "images" / "chart.svg"
    report.write_report(kept, path, chart)
    text = path.read_text()
    for part in PARTS:
        for line in EXPECTED[part]:
            assert line in text_of(part, path), part
    for line in HEADLINE:
        assert line in text
    assert "old alarms" not in text_of(alarms.NAME, path)
    assert text.count("old ") == sum(hasattr(part, "DOCUMENT") for part in PARTS.values())
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "obs-dagster" in chart.read_text()
    assert "whylogs" not in chart.read_text()


def test_the_report_written_twice_is_the_same(kept, tmp_path):
    path, chart = document(tmp_path), tmp_path / "chart.svg"
    report.write_report(kept, path, chart)
    first = path.read_text(), chart.read_text()
    report.write_report(kept, path, chart)
    assert (path.read_text(), chart.read_text()) == first


def test_a_part_that_was_not_measured_keeps_its_text(tmp_path):
    path = document(tmp_path)
    report.write_report(tmp_path / "none", path, tmp_path / "chart.svg")
    assert path.read_text().count("old") == 1 + len(PARTS)


def test_missing_markers_are_named(kept, tmp_path):
    path = document(tmp_path, parts=["headline", "evaluation", "same_work"])
    with pytest.raises(report.ReportError, match="<!-- results: scan -->"):
        report.write_report(kept, path, tmp_path / "chart.svg")
    assert "old" in path.read_text()


def test_the_document_has_the_markers_of_every_part():
    for part in (report.HEADLINE, *PARTS):
        assert "new" in report.replaced(text_of(part, report.DOCUMENT), part, "new")


def test_a_case_measured_again_replaces_only_itself(tmp_path):
    results.write("scan", "1M", {"rows": 1}, tmp_path)
    results.write("scan", "10M", {"rows": 2}, tmp_path)
    results.write("scan", "1M", {"rows": 3}, tmp_path)
    assert [each["measured"]["rows"] for each in results.read("scan", tmp_path).values()] == [3, 2]


@pytest.mark.parametrize("module", [options, report, table], ids=lambda module: module.__name__)
def test_the_examples_in_the_docstrings_hold(module):
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
