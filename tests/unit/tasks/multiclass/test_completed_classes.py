"""Labels of several classes that come late, by a delay that is known: what quality is expected with all."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics as sk

from obs_dagster.estimate.class_agreement import kappa, mcc
from obs_dagster.estimate.completed_classes import COMPLETED
from obs_dagster.estimate.expected_classes import ClassCounts
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.tasks.multiclass.outcomes import OUTCOMES
from obs_dagster.tasks.outcomes import Expecting, Lacking, OutcomeProfile

CLASSES, ROWS, DAYS, WINDOW, SEASONS = 3, 700, 14, 3, 6
NAMES = [f"class {place}" for place in range(CLASSES)]
#: That a row of a class has its label within a day; of all, that it never has one.
SOON, NEVER = np.array([0.8, 0.3, 0.2]), 0.1


def drawn(raw, rng, n=ROWS):
    logits = rng.normal(size=(n, CLASSES)) + np.array([0.6, 0.0, -0.4])
    chance = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    label = (rng.random((n, 1)) > np.cumsum(chance, axis=1)).sum(axis=1)
    scores = np.exp(1.6 * logits)
    return raw.Rows(NAMES, label, scores / scores.sum(axis=1, keepdims=True))


def joined(raw, parts):
    """All rows of several, or of some of each."""
    return raw.Rows(
        NAMES,
        np.concatenate([rows.label[of] for rows, of in parts]),
        np.concatenate([rows.scores[of] for rows, of in parts]),
    )


@pytest.fixture
def counted(reduced):
    """The outcomes of rows by name, of which some have a label; all are reduced at once."""

    def counted(parts):
        tables = []
        for name, (rows, known) in parts.items():
            n = len(rows.label)
            table = rows.table(carrier=pa.array(["AA"] * n, pa.string()))
            columns = {
                "model": pa.array([name] * n, pa.string()),
                "_obs_label": pa.array(rows.labels, pa.string(), mask=~known),
            }
            for column, values in columns.items():
                table = table.set_column(table.schema.get_field_index(column), column, values)
            tables.append(table)
        return OutcomeProfile(reduced(pa.concat_tables(tables), NAMES), OUTCOMES)

    return counted


@pytest.fixture
def seasons(raw, counted, monitor):
    """Seasons whose labels come late where their class is one that does: what is expected of the last days.

    Yields what is expected, the rows whose label is in, and those that will have one.
    """

    def seasons(*segments, seeds=range(SEASONS), days=DAYS, rows=ROWS, soon=SOON):
        parts, served = {}, {}
        for seed in seeds:
            rng = np.random.default_rng(seed)
            for day in range(days + WINDOW):
                each = drawn(raw, rng, rows)
                early = rng.random(rows) < soon[each.label]
                ever = early | (rng.random(rows) > NEVER)
                if day < days:
                    late = raw.Rows(NAMES, each.label[~early], each.scores[~early])
                    parts[f"{seed} {day}"] = late, ever[~early]
                else:
                    parts[f"{seed} {day}"] = each, early
                    served.setdefault(seed, []).append((each, early, ever))
        found, monitored = counted(parts), monitor(NAMES)
        for seed in seeds:
            history = [found.cell(f"{seed} {day}", "*") for day in range(days)]
            late = OUTCOMES.late(history, monitored, 1)
            first = joined(raw, [(each, early) for each, early, _ in served[seed]])
            final = joined(raw, [(each, ever) for each, _, ever in served[seed]])
            for segment in segments or ("*",):
                window = [found.cell(f"{seed} {days + day}", segment) for day in range(WINDOW)]
                now = {name: np.concatenate([cell[name] for cell in window]) for name in window[0]}
                lacking = [Lacking(cell, late) for cell in window]
                given = Expecting(segment, WINDOW, seed)
                ((_, expected),) = OUTCOMES.completed(now, lacking, monitored, given)
                yield expected, first, final

    return seasons


def measured(raw, rows):
    return evaluate("performance", raw.outcomes(rows), task="multiclass_classification", only=COMPLETED)


def test_late_labels_are_expected_to_be_like_those_that_came_late(raw, seasons):
    held, off, before = [], [], []
    for found, early, final in seasons("*", "carrier=AA"):
        then, first = measured(raw, final), measured(raw, early)
        assert found.n == len(early.label)
        assert then.keys() == COMPLETED.keys()
        for name, exact in then.items():
            now = found.completed(name)
            held.append(now.low <= exact.value <= now.high)
            off.append(now.value - exact.value)
            before.append(first[name].value - exact.value)
    assert 0.9 <= np.mean(held) <= 1
    assert np.abs(off).mean() < 0.35 * np.abs(before).mean()
    # over seasons errors cancel out: no metric is told too high or too low
    assert np.abs(np.reshape(off, (2 * SEASONS, -1)).mean(axis=0)).max() < 0.02


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"days": 8}, "labels are complete on 8 days, where 10 are needed"),
        ({"rows": 50, "soon": np.full(CLASSES, 0.95)}, "labels came as late as those that lack, where 100"),
    ],
    ids=["few days", "few labels"],
)
def test_without_enough_history_the_bounds_are_told(raw, seasons, made, reason):
    ((found, _, final),) = seasons(seeds=[5], **made)
    assert found.completed("macro_recall").value is None
    told = found.completed("accuracy").reason
    assert reason in told
    low, high = (float(end) for end in told.split("between ")[1].split(",")[0].split(" and "))
    assert low < (final.scores.argmax(axis=1) == final.label).mean() < high


def test_of_a_class_that_never_comes_late_none_is_expected(raw, seasons):
    # all that comes late is of the other two, and never of it
    ((found, early, final),) = seasons(seeds=[6], soon=np.array([1.0, 0.3, 0.2]))
    assert (early.label == 0).sum() == (final.label == 0).sum()
    for name in ("accuracy", "macro_recall", "weighted_precision"):
        now, exact = found.completed(name), measured(raw, final)[name].value
        assert now.low <= exact <= now.high, name


def test_of_complete_labels_it_is_what_they_say(raw, counted, monitor):
    rows = drawn(raw, np.random.default_rng(7))
    complete = raw.Rows(NAMES, rows.label[20:], rows.scores[20:])
    cells = counted({"1": (rows, np.arange(ROWS) >= 20), "2": (complete, np.ones(ROWS - 20, bool))})
    assert OUTCOMES.lacks(cells.cell("1", "*"))
    cell = cells.cell("2", "*")
    assert not OUTCOMES.lacks(cell)
    ((_, found),) = OUTCOMES.completed(cell, [], monitor(NAMES), Expecting("*", 1, 1))
    for name, exact in measured(raw, complete).items():
        # areas are those of bins
        near = 1e-3 if name.endswith("roc_auc") else 1e-9
        assert found.completed(name).value == pytest.approx(exact.value, abs=near), name


def test_of_no_rows_there_is_a_reason(counted, raw, monitor):
    nobody = counted({"1": (drawn(raw, np.random.default_rng(8)), np.ones(ROWS, bool))}).cell("2", "*")
    ((_, found),) = OUTCOMES.completed(nobody, [], monitor(NAMES), Expecting("*", 1, 1))
    assert {found.completed(name).reason for name in COMPLETED} == {"no rows"}


@pytest.mark.parametrize("seed", range(4))
def test_agreement_needs_no_more_than_the_margins(seed):
    rng = np.random.default_rng(seed)
    # labels may be of a class that is not declared, which nothing is predicted to be
    label, prediction = rng.integers(0, CLASSES + 1, 60), rng.integers(0, CLASSES, 60)
    prediction[:20] = np.minimum(label[:20], CLASSES - 1)
    labels, predicted, right = (
        np.bincount(of, minlength=CLASSES + 1)[:CLASSES].astype(float)
        for of in (label, prediction, label[label == prediction])
    )
    counts = ClassCounts(60, predicted, right, labels, *[np.zeros(CLASSES)] * 3)
    assert kappa(counts) == pytest.approx(sk.cohen_kappa_score(label, prediction))
    assert mcc(counts) == pytest.approx(sk.matthews_corrcoef(label, prediction))


def test_agreement_of_one_class_alone_is_not_known():
    one = np.array([60.0, 0.0, 0.0])
    counts = ClassCounts(60, one, one, one, *[np.zeros(CLASSES)] * 3)
    assert np.isnan([kappa(counts), mcc(counts)]).all()


def test_the_cost_of_wrong_rows_is_the_price_of_what_accuracy_lacks(seasons):
    ((found, _, _),) = seasons(seeds=[8])
    cost, accuracy = found.whole.cost(np.full(CLASSES, 5.0), 0.0), found.completed("accuracy")
    # labels that are expected are not quite one of a row
    assert cost.value == pytest.approx(5 * (1 - accuracy.value), rel=0.01)
    ends = 5 * (1 - accuracy.high), 5 * (1 - accuracy.low)
    assert (cost.low, cost.high) == pytest.approx(ends, rel=0.05)
    assert not found.priced
