import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest

from obs_dagster.profile.grids.grid import CategoryGrid, Grids
from obs_dagster.tasks.binary.outcomes import OUTCOMES, outcome_counts
from obs_dagster.tasks.outcomes import OutcomeProfile, reduce_outcomes
from tests.evaluated import evaluate_performance


@pytest.fixture
def reduced(small):
    def run(rows):
        return reduce_outcomes(
            nw.from_native(duckdb.connect().from_arrow(rows)),
            small().monitor,
            Grids({"carrier": CategoryGrid()}),
            OUTCOMES,
        )

    return run


@pytest.fixture
def rows():
    rng = np.random.default_rng(8)
    n = 4000
    score = np.append(rng.uniform(size=n - 2), [0.0, 1.0])
    label = rng.random(n) < score
    return pa.table(
        {
            "model": ["1"] * n,
            "score": score,
            "prediction": score >= 0.4,
            "carrier": rng.choice(["AA", "UA"], n),
            "_obs_label": pa.array(label, mask=rng.random(n) < 0.3),
        }
    )


def test_outcomes_are_those_of_scikit_learn(reduced, rows):
    from sklearn.metrics import brier_score_loss, confusion_matrix, log_loss

    profile = reduced(rows)
    for segment, part in {
        "*": rows,
        "carrier=UA": rows.filter(pa.compute.equal(rows["carrier"], "UA")),
    }.items():
        found = outcome_counts(profile.cell("1", segment), segment)
        known = part.filter(pa.compute.is_valid(part["_obs_label"]))
        label, score, decision = (known[name].to_numpy() for name in ("_obs_label", "score", "prediction"))
        label = label.astype(bool)
        assert (found.predictions, found.n) == (len(part), len(known))
        matrix = [
            [
                int(found.counts[(found.label == true) & (found.decision == served)].sum())
                for served in (False, True)
            ]
            for true in (False, True)
        ]
        np.testing.assert_array_equal(matrix, confusion_matrix(label, decision.astype(bool)))
        np.testing.assert_allclose(found.log_loss_sum.sum(), log_loss(label, score, normalize=False))
        np.testing.assert_allclose(found.brier_sum.sum() / found.n, brier_score_loss(label, score))
        np.testing.assert_allclose(found.score_sum.sum(), score.sum())


@pytest.mark.parametrize("typical", [5e-5, 1e-3], ids=str)
def test_scores_of_rare_events_keep_their_order(reduced, typical):
    from sklearn.metrics import average_precision_score, roc_auc_score

    rng = np.random.default_rng(4)
    label = rng.permutation(np.arange(100_000) < 150)
    score = typical * np.exp(rng.normal(size=len(label)) + 1.7 * label)
    carrier = rng.choice(["AA", "UA"], len(label))
    columns = {"score": score, "prediction": score >= 0.4, "carrier": carrier, "_obs_label": label}
    profile = reduced(pa.table({"model": ["1"] * len(label), **columns}))
    for segment, part, finest in (("*", carrier != "", 0.002), ("carrier=UA", carrier == "UA", 0.01)):
        found = evaluate_performance(outcome_counts(profile.cell("1", segment), segment), seed=0)
        for name, reference in (("roc_auc", roc_auc_score), ("pr_auc", average_precision_score)):
            exact = reference(label[part], score[part])
            assert abs(found[name].value - exact) <= found[name].error < finest
            assert found[name].low < exact < found[name].high


def test_merged_outcomes_are_the_whole(reduced, rows):
    whole = outcome_counts(reduced(rows).cell("1", "*"))
    parts = [reduced(rows.slice(0, 999)), reduced(rows.slice(999))]
    merged = outcome_counts(OutcomeProfile.merged(parts, OUTCOMES).cell("1", "*"))
    np.testing.assert_array_equal(merged.counts, whole.counts)
    np.testing.assert_allclose(merged.log_loss_sq, whole.log_loss_sq)
    assert merged.predictions == whole.predictions == len(rows)


def test_a_cell_without_rows_has_no_outcomes(reduced, rows):
    found = outcome_counts(reduced(rows).cell("2", "carrier=UA"), "carrier=UA")
    assert (found.n, found.predictions) == (0, 0)


def test_rows_without_a_label_are_counted_by_their_score_on_every_engine(rows, small):
    monitor, grids = small().monitor, Grids({"carrier": CategoryGrid()})
    lost = rows.set_column(1, "score", pa.array(rows["score"].to_numpy(), mask=np.arange(len(rows)) < 7))
    found = [
        OUTCOMES.reduce(nw.from_native(native).lazy(), monitor, grids, [])
        for native in (duckdb.connect().from_arrow(lost), lost)
    ]
    counted = [
        table.filter(pa.compute.greater(table["n"], 0)).select([*OUTCOMES.keys, "n"]).to_pylist()
        for table in found
    ]
    assert counted[0] == counted[1]
    cell = OutcomeProfile(found[0], OUTCOMES).cell("1", "*")
    unlabelled = np.isnan(cell["label"])
    assert cell["n"][unlabelled & np.isnan(cell["bin"])].sum() == 7
    scored = unlabelled & ~np.isnan(cell["bin"])
    assert cell["n"][unlabelled].sum() == rows["_obs_label"][7:].null_count + 7
    assert len(np.unique(cell["bin"][scored])) > 900
