"""Which raw column each column of a preprocessed matrix was made from."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


def column_origins(transformer: Any, inputs: Sequence[str]) -> IntArray | None:  # noqa: PLR0911 - one a kind
    """For each output column of a fitted scikit-learn transformer, the position of the input it stems from.

    Known are column transformers, pipelines, one-hot and target encoders, imputers and everything that maps
    columns one to one. SHAP values of the outputs of one input add up to the SHAP value of that input.

    Returns:
        Positions, shape (number of outputs,); None if an output mixes inputs or the transformer is unknown.
    """
    from sklearn.base import OneToOneFeatureMixin
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, TargetEncoder

    if isinstance(transformer, Pipeline):
        return _of_pipeline(transformer, inputs)
    if isinstance(transformer, ColumnTransformer):
        return _of_columns(transformer, inputs)
    if isinstance(transformer, OneHotEncoder):
        return _of_one_hot(transformer)
    if isinstance(transformer, SimpleImputer):
        return _of_imputer(transformer)
    if isinstance(transformer, TargetEncoder) and transformer.target_type_ == "multiclass":
        # each input becomes a column per class, one input after the other
        return np.repeat(np.arange(len(inputs)), len(transformer.classes_))
    one_to_one = isinstance(transformer, OneToOneFeatureMixin) or transformer == "passthrough"
    # A column transformer turns "passthrough" into this one when it is fitted.
    if one_to_one or getattr(transformer, "feature_names_out", None) == "one-to-one":
        return np.arange(len(inputs))
    return None


def _of_pipeline(pipeline: Any, inputs: Sequence[str]) -> IntArray | None:
    origins = np.arange(len(inputs))
    names = list(inputs)
    for _, step in pipeline.steps:
        found = column_origins(step, names)
        if found is None:
            return None
        origins = origins[found]
        names = [names[position] for position in found]
    return origins


def _of_columns(transformer: Any, inputs: Sequence[str]) -> IntArray | None:
    total = max((part.stop for part in transformer.output_indices_.values()), default=0)
    origins = np.full(total, -1)
    position = {name: index for index, name in enumerate(inputs)}
    for name, block, columns in transformer.transformers_:
        part = transformer.output_indices_[name]
        if part.stop == part.start:
            continue
        chosen = chosen_columns(columns, inputs)
        if chosen is None:
            return None
        found = column_origins(block, chosen)
        if found is None or len(found) != part.stop - part.start:
            return None
        origins[part] = [position[chosen[index]] for index in found]
    return origins


def chosen_columns(columns: Any, inputs: Sequence[str]) -> list[str] | None:
    """The names of a column transformer's block's columns, however they were declared; None if unknown."""
    if isinstance(columns, str):
        return [columns]
    if isinstance(columns, (int, np.integer)):
        return [inputs[int(columns)]]
    if isinstance(columns, slice):
        named = isinstance(columns.start, str) or isinstance(columns.stop, str)
        return None if named else list(inputs[columns])
    names = []
    for column, here in enumerate(columns):
        if isinstance(here, (bool, np.bool_)):
            names += [inputs[column]] if here else []
        else:
            names.append(here if isinstance(here, str) else inputs[here])
    return names


def _of_one_hot(encoder: Any) -> IntArray:
    # The encoder names its outputs; a combiner that ignores the category names each after its input alone.
    named = copy.copy(encoder).set_params(feature_name_combiner=lambda feature, _category: feature)
    names = [f"x{index}" for index in range(encoder.n_features_in_)]
    names = list(getattr(encoder, "feature_names_in_", names))
    position = {name: index for index, name in enumerate(names)}
    return np.array([position[name] for name in named.get_feature_names_out()], dtype=np.int64)


def _of_imputer(imputer: Any) -> IntArray:
    kept = np.arange(imputer.n_features_in_)
    if not imputer.keep_empty_features:
        # statistics_ are NaN (None for text) where a column had no value at all; it was dropped.
        kept = kept[[statistic == statistic and statistic is not None for statistic in imputer.statistics_]]  # noqa: PLR0124
    if imputer.indicator_ is None:
        return kept
    return np.concatenate([kept, np.asarray(imputer.indicator_.features_, dtype=np.int64)])
