import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from obs_dagster.explain.column_origins import column_origins

FRAME = pd.DataFrame(
    {
        "a": ["x", "b_x", "b_y", "x", "b_y", "x"],
        "a_b": ["x", "y", "x", "y", "x", "y"],
        "n": [1.0, 2.0, np.nan, 4.0, 5.0, 6.0],
        "m": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    }
)


def origins(transformer):
    return list(column_origins(transformer.fit(FRAME), list(FRAME.columns)))


def test_one_hot_columns_go_to_their_feature_even_if_names_collide():
    encoder = OneHotEncoder()
    assert origins(ColumnTransformer([("hot", encoder, ["a_b", "a"])])) == [1, 1, 0, 0, 0]


@pytest.mark.parametrize(("options", "width"), [({"drop": "first"}, 2), ({"max_categories": 2}, 2)])
def test_dropped_and_infrequent_categories_are_counted(options, width):
    assert origins(ColumnTransformer([("hot", OneHotEncoder(**options), ["a"])])) == [0] * width


def test_a_missing_indicator_goes_to_the_feature_that_it_is_about():
    chain = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    assert origins(ColumnTransformer([("chain", chain, ["m", "n"])])) == [3, 2, 2]


def test_a_column_that_the_imputer_drops_has_no_output():
    frame = FRAME.assign(n=np.nan)
    fitted = ColumnTransformer([("fill", SimpleImputer(), ["n", "m"])])
    with pytest.warns(UserWarning, match="without any observed values"):
        width = fitted.fit_transform(frame).shape[1]
    assert list(column_origins(fitted, list(frame.columns))) == [3]
    assert width == 1


def test_remainders_and_every_way_to_name_columns():
    parts = [("one", StandardScaler(), [3]), ("mask", "passthrough", [False, False, True, False])]
    assert origins(ColumnTransformer([*parts, ("drop", "drop", ["a"])], remainder="passthrough")) == [3, 2, 1]
    assert origins(ColumnTransformer([("span", "passthrough", slice(2, 4))])) == [2, 3]
    by_name = ColumnTransformer([("span", "passthrough", slice("n", "m"))]).fit(FRAME)
    assert column_origins(by_name, list(FRAME.columns)) is None


def test_what_mixes_columns_has_no_origins():
    transformer = ColumnTransformer([("squares", PolynomialFeatures(), ["m"])]).fit(FRAME)
    assert column_origins(transformer, list(FRAME.columns)) is None
    assert column_origins(make_pipeline(transformer).fit(FRAME), list(FRAME.columns)) is None
