"""Every value against scikit-learn, or against its definition, one request at a time."""

import math

import numpy as np
import pytest
from sklearn import metrics as sk

K = 4
OF_A_REQUEST = ("mrr", "map", "hit_rate", "precision_at", "recall_at")


def values(found, k=K):
    """The values down to a cut-off, by metric."""
    return {**{n: e.value for n, e in found[""].items()}, **{n: e.value for n, e in found[f"top{k}"].items()}}


@pytest.fixture(params=[None, 0], ids=["distinct scores", "tied scores"])
def rows(ranked, request):
    return ranked.rows(3, 400, decimals=request.param)


@pytest.mark.parametrize("k", [1, 4, 50])
def test_ndcg_is_that_of_scikit_learn(ranked, rows, k):
    found = ranked.evaluated(rows, at=[k])[""]["ndcg"]
    of_several = [(score, label) for score, label in ranked.by_request(rows) if len(score) > 1]
    expected = [sk.ndcg_score([label], [score], k=k) for score, label in of_several]
    assert found.value == pytest.approx(np.mean(expected), rel=1e-12)
    assert found.n == len(of_several)


def test_requests_without_relevant_items_can_be_left_out(ranked, rows):
    requests = [(score, label) for score, label in ranked.by_request(rows) if label.max() > 0]
    found = ranked.evaluated(rows, at=[K], without_relevant="left_out")
    expected = [sk.ndcg_score([label], [score], k=K) for score, label in requests if len(score) > 1]
    assert found[""]["ndcg"].value == pytest.approx(np.mean(expected))
    assert found[""]["ndcg"].n == len(expected)
    assert found[""]["mrr"].n == found[f"top{K}"]["recall_at"].n == len(requests)
    expected = np.mean([ranked.worth(score, label, K)["recall_at"] for score, label in requests])
    assert found[f"top{K}"]["recall_at"].value == pytest.approx(expected)


def test_exponential_gains(ranked, rows):
    found = ranked.evaluated(rows, at=[K], gain="exponential")[""]["ndcg"].value
    expected = [
        sk.ndcg_score([2**label - 1], [score], k=K)
        for score, label in ranked.by_request(rows)
        if len(score) > 1
    ]
    assert found == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("relevant_from", [1, 2])
def test_other_values_are_their_definitions(ranked, rows, relevant_from):
    found = ranked.evaluated(rows, at=[K, 2], relevant_from=relevant_from)
    requests = ranked.by_request(rows)
    for k in (K, 2):
        here = values(found, k)
        each = [ranked.worth(score, label, k, relevant_from) for score, label in requests]
        for name in OF_A_REQUEST:
            if name not in ("map", "hit_rate"):
                assert here[name] == pytest.approx(np.mean([worth[name] for worth in each])), name
        for name in ("map", "hit_rate"):
            expected = np.mean([worth[name] for worth in each])
            assert here[f"{name}_at"] == pytest.approx(expected), name
    assert found[""]["map"] == found[f"top{K}"]["map_at"]
    assert found[""]["hit_rate"] == found[f"top{K}"]["hit_rate_at"]
    assert found[""]["ndcg"] == found[f"top{K}"]["ndcg_at"]


def test_average_precision_of_whole_rankings_is_that_of_scikit_learn(ranked, rows):
    found = ranked.evaluated(rows, at=[100], without_relevant="left_out")[""]["map"].value
    expected = [
        sk.label_ranking_average_precision_score([label >= 1], [score])
        for score, label in ranked.by_request(rows)
        if label.max() >= 1
    ]
    assert found == pytest.approx(np.mean(expected))


def test_reciprocal_rank_of_one_relevant_item_is_that_of_scikit_learn(ranked):
    rng = np.random.default_rng(2)
    score, label = rng.normal(size=(300, 8)).round(1), np.eye(8)[rng.integers(8, size=300)]
    rows = {
        "request": [f"r{each}" for each in np.repeat(np.arange(300), 8)],
        "item": [str(each) for each in np.tile(np.arange(8), 300)],
        "score": score.ravel(),
        "_obs_label": label.ravel(),
        "carrier": ["AA"] * 2400,
    }
    found = ranked.evaluated(rows, at=[3])
    expected = sk.label_ranking_average_precision_score(label.astype(int), score)
    assert found[""]["mrr"].value == pytest.approx(expected)
    assert found["top3"]["recall_at"].value == found[""]["hit_rate"].value


def test_hit_rate_of_one_relevant_item_is_the_top_k_accuracy(ranked):
    rng = np.random.default_rng(5)
    score, label = rng.normal(size=(200, 6)), rng.integers(6, size=200)
    rows = {
        "request": [f"r{each}" for each in np.repeat(np.arange(200), 6)],
        "item": [str(each) for each in np.tile(np.arange(6), 200)],
        "score": score.ravel(),
        "_obs_label": np.eye(6)[label].ravel(),
        "carrier": ["AA"] * 1200,
    }
    found = ranked.evaluated(rows, at=[2])[""]["hit_rate"]
    assert found.value == pytest.approx(sk.top_k_accuracy_score(label, score, k=2))


def test_items_without_label_are_not_relevant(ranked):
    rows = ranked.rows(4, 300, labelled=0.4)
    found = ranked.evaluated(rows, at=[K])
    evaluated = [
        (score, np.nan_to_num(label)) for score, label in ranked.by_request(rows) if not np.isnan(label).all()
    ]
    assert len(evaluated) < 300
    assert found[""]["ndcg"].value == pytest.approx(
        np.mean([sk.ndcg_score([b], [a], k=K) for a, b in evaluated if len(a) > 1])
    )
    assert found[""]["mrr"].value == pytest.approx(
        np.mean([ranked.worth(a, b, K)["mrr"] for a, b in evaluated])
    )
    assert found[""]["mrr"].n == len(evaluated)
    assert found[""]["evaluated_request_share"].value == len(evaluated) / 300
    assert found[""]["label_coverage"].value == np.mean(~np.isnan(rows["_obs_label"]))


def test_items_without_label_can_be_left_out_of_their_ranking(ranked):
    rows = ranked.rows(4, 300, labelled=0.4)
    found = ranked.evaluated(rows, at=[K], unlabelled="left_out")
    judged = ranked.by_request(rows, chosen=~np.isnan(rows["_obs_label"]))
    assert found[""]["ndcg"].value == pytest.approx(
        np.mean([sk.ndcg_score([b], [a], k=K) for a, b in judged if len(a) > 1])
    )
    assert found[""]["map"].value == pytest.approx(np.mean([ranked.worth(a, b, K)["map"] for a, b in judged]))
    assert found[""]["label_coverage"].value == np.mean(~np.isnan(rows["_obs_label"]))


@pytest.mark.parametrize("first", [0, 1])
def test_served_positions_are_the_order(ranked, rows, first):
    requests = np.array(rows["request"])
    score = rows["score"] + np.arange(len(requests)) * 1e-9
    position = np.array(
        [(score[requests == own] > value).sum() for own, value in zip(requests, score, strict=True)]
    )
    served = {**rows, "rank": position + float(first)}
    found = ranked.evaluated(served, columns={"rank": "rank"}, at=[K], first_position=first)
    expected = ranked.evaluated({**rows, "score": score}, at=[K])
    for column, estimates in expected.items():
        for name, each in estimates.items():
            assert found[column][name].value == pytest.approx(each.value), name


def test_a_served_position_counts_where_the_log_lacks_those_above(ranked):
    rows = {
        "request": ["a", "a", "b"],
        "item": ["x", "y", "z"],
        "rank": [3.0, 7.0, 2.0],
        "_obs_label": [1.0, 0.0, 1.0],
        "carrier": ["AA"] * 3,
    }
    found = ranked.evaluated(rows, columns={"rank": "rank"}, at=[2, 5])
    assert found[""]["mrr"].value == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert found["top2"]["hit_rate_at"].value == 0.5
    assert found["top5"]["ndcg_at"].value == pytest.approx(1 / math.log2(4))


def test_coverage_and_exposure_of_the_catalogue(ranked, rows):
    found = ranked.evaluated(rows, at=[2])[""]
    shown, known = {}, set(rows["item"])
    order = sorted(range(len(rows["item"])), key=lambda i: (-rows["score"][i], rows["item"][i]))
    taken = {}
    for place in order:
        request, item = rows["request"][place], rows["item"][place]
        taken[request] = taken.get(request, 0) + 1
        if taken[request] <= 2:
            shown[item] = shown.get(item, 0) + 1
    assert found["catalogue_coverage"].value == len(shown) / len(known)
    assert (found["catalogue_coverage"].error, found["catalogue_coverage"].low) == (0, None)
    counts = np.array([shown.get(item, 0) for item in known])
    differences = np.abs(counts[:, None] - counts).sum() / (2 * len(counts) ** 2 * counts.mean())
    assert found["exposure_gini"].value == pytest.approx(differences * len(counts) / (len(counts) - 1))


def test_popularity_lift_is_the_share_of_pairs_of_one_item(ranked):
    rows = ranked.rows(9, 60, items=15)
    found = ranked.evaluated(rows, at=[2])[""]["popularity_lift"].value
    items, label = np.array(rows["item"]), rows["_obs_label"]
    turn = np.empty(len(items))
    for request in set(rows["request"]):
        here = np.flatnonzero(np.array(rows["request"]) == request)
        turn[here[np.argsort(-rows["score"][here])]] = np.arange(1, len(here) + 1)
    shown, relevant = np.flatnonzero(turn <= 2), np.flatnonzero(label >= 1)
    alike = [items[a] == items[b] for a in shown for b in relevant if a != b]
    relevant_alike = [items[a] == items[b] for a in relevant for b in relevant if a != b]
    assert found == pytest.approx(np.mean(alike) / np.mean(relevant_alike) - 1)


def test_every_metric_of_a_ranking_has_a_number_or_a_reason(ranked):
    for labels in (np.nan, 0.0, 1.0, -3.0, 1e308):
        for size in (1, 3):
            rows = {
                "request": ["a"] * size,
                "item": [f"i{place}" for place in range(size)],
                "score": [1.0] * size,
                "_obs_label": [labels] * size,
                "carrier": ["AA"] * size,
            }
            for gain in ("linear", "exponential"):
                for without in ("zero", "left_out"):
                    options = {"gain": gain, "without_relevant": without, "at": [1, 2]}
                    for estimates in ranked.evaluated(rows, **options).values():
                        for name, each in estimates.items():
                            numbers = [x for x in (each.value, each.low, each.high) if x is not None]
                            assert all(math.isfinite(x) for x in numbers), (name, rows, options)
                            assert (each.value is None) == bool(each.reason), (name, rows, options)


@pytest.mark.parametrize(
    ("rows", "options", "metric", "reason"),
    [
        (["a", "a"], {"labels": np.nan}, "ndcg", "no labels"),
        (["a", "a"], {"labels": np.nan}, "mrr", "no labels"),
        (["a", "b"], {"labels": 1.0}, "ndcg", "no request of two rows"),
        (["a", "a"], {"labels": 0.0, "without_relevant": "left_out"}, "mrr", "no relevant items"),
        (["a", "a"], {"labels": 0.0}, "popularity_lift", "no relevant items"),
        (["a", "a"], {"labels": 1.0}, "popularity_lift", "no item was relevant twice"),
        (["a"], {"labels": 1.0}, "exposure_gini", "one item only"),
        ([None, None], {"labels": 1.0}, "mrr", "no labels"),
    ],
)
def test_what_is_not_known_says_why(ranked, rows, options, metric, reason):
    label = options.pop("labels")
    columns = {
        "request": rows,
        "item": [f"i{place}" for place in range(len(rows))],
        "score": [1.0] * len(rows),
        "_obs_label": [label] * len(rows),
        "carrier": ["AA"] * len(rows),
    }
    found = ranked.evaluated(columns, **options)[""][metric]
    assert (found.value, found.reason) == (None, reason)


def test_a_request_without_relevant_items_is_worth_nothing(ranked):
    columns = {
        "request": ["a", "a"],
        "item": ["x", "y"],
        "score": [1.0, 2.0],
        "_obs_label": [0.0, 0.0],
        "carrier": ["AA"] * 2,
    }
    found = values(ranked.evaluated(columns, at=[K]))
    assert found["ndcg"] == found["mrr"] == found["recall_at"] == 0.0 == sk.ndcg_score([[0, 0]], [[1, 2]])
    assert found["relevant_request_share"] == 0.0


def test_rows_that_cannot_be_placed_are_predictions(ranked):
    rows = ranked.rows(6, 50)
    worse = {name: list(values) for name, values in rows.items()}
    for request, score in ((None, 1.0), ("r0", math.nan), ("lost", math.nan), (None, math.nan)):
        for name, value in (("request", request), ("item", "i0"), ("score", score), ("_obs_label", 2.0)):
            worse[name].append(value)
        worse["carrier"].append("AA")
    found, expected = ranked.evaluated(worse, at=[K]), ranked.evaluated(rows, at=[K])
    assert values(found) == pytest.approx({**values(expected), "label_coverage": 1.0}, nan_ok=False)
    assert found[""]["label_coverage"].n == expected[""]["label_coverage"].n + 4


def test_infinite_scores_have_their_place(ranked):
    columns = {
        "request": ["a"] * 3,
        "item": ["x", "y", "z"],
        "score": [math.inf, 0.0, -math.inf],
        "_obs_label": [0.0, 0.0, 1.0],
        "carrier": ["AA"] * 3,
    }
    assert ranked.evaluated(columns)[""]["mrr"].value == pytest.approx(1 / 3)
