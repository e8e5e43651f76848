"""LIME, held against the library of its authors on the same draws and rows."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from obs_dagster.explain.lime import lime_weights, local_weights
from tests.unit.explain.conftest import make_rows
from tests.unit.explain.golden.around import EXPLAINED, draws, says, table

SAID = json.loads((Path(__file__).parent / "golden" / "lime.json").read_text(encoding="utf-8"))


def test_the_weights_of_draws_are_those_of_lime():
    np.testing.assert_allclose(local_weights(*draws()), SAID["draws"], rtol=1e-9, atol=1e-12)


def test_the_weights_of_rows_are_those_of_lime_with_its_own_draws():
    known = pd.DataFrame(table(), columns=["first", "second", "name"])
    known["name"] = known["name"].astype(int).astype(str)

    def output(rows):
        return says(rows.astype(float).to_numpy())

    found = lime_weights(output, known.iloc[EXPLAINED], known, 20_000)
    np.testing.assert_allclose(found, SAID["rows"], atol=0.004)
    assert np.abs(SAID["rows"]).max() > 0.05


def test_neither_order_nor_neighbours_change_what_is_said_of_a_row():
    rows, known = make_rows(9, seed=2), make_rows(200, seed=1)

    def output(rows):
        return (rows["hour"] > 14) * 1.0 + (rows["carrier"] == "UA") * 0.5 + rows["temp"].fillna(0) / 100

    found = lime_weights(output, rows, known, 500)
    again = lime_weights(output, rows.iloc[::-1], known, 500)[::-1]
    np.testing.assert_allclose(again, found, atol=1e-12)
    np.testing.assert_allclose(lime_weights(output, rows.iloc[4:5], known, 500)[0], found[4], atol=1e-12)


def test_what_the_model_does_not_read_and_what_never_varies_weigh_nothing():
    rows, known = make_rows(5, seed=2), make_rows(300, seed=1)
    found = lime_weights(lambda rows: (rows["carrier"] == "UA") * 1.0, rows, known, 2_000)
    columns = list(rows.columns)
    assert np.abs(found[:, columns.index("constant")]).max() < 1e-9
    assert np.abs(found[:, columns.index("origin")]).max() < 0.05
    carrier = found[:, columns.index("carrier")]
    assert ((rows["carrier"] == "UA").to_numpy() == (carrier > 0.3)).all()


def test_rows_that_are_drawn_have_the_types_of_the_log():
    rows, known = make_rows(3, seed=2), make_rows(50, seed=1)

    def output(given):
        assert given.dtypes.to_dict() == rows.dtypes.to_dict()
        return np.zeros(len(given))

    assert np.abs(lime_weights(output, rows, known, 40)).max() == pytest.approx(0)
