"""Graphs of ONNX: what they take and put out is all that is known of them, so permutations explain them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.encoding import numbers
from obs_dagster.explain.explainable import Attribute, AttributeClasses, FloatArray, Puts, Unit
from obs_dagster.explain.input_kinds import Kind
from obs_dagster.monitor.multiclass import class_name

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS: Mapping[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
}
_TEXT = "tensor(string)"
_FLOATS = ("tensor(float)", "tensor(double)")
_PAIR = 2


@dataclass(frozen=True)
class OnnxGraph:
    """Runs a graph on raw rows.

    A graph takes one matrix, whose columns have no names unless the model was logged with a signature, or an
    input for each column.

    Attributes:
        session: the `onnxruntime.InferenceSession`.
        output: the name of the output that is read.
        names: the columns of a single matrix, where something but the graph knows them.
    """

    session: Any
    output: str
    names: tuple[str, ...] | None

    @cached_property
    def feature_names(self) -> tuple[str, ...] | None:
        """The columns that it takes; None if they have no names."""
        inputs = self.session.get_inputs()
        return self.names if _is_matrix(inputs) else tuple(each.name for each in inputs)

    def run(self, rows: pd.DataFrame) -> Any:
        """What the output is for rows with exactly its inputs."""
        inputs = self.session.get_inputs()
        if _is_matrix(inputs):
            matrix = np.column_stack([_column(rows[name], inputs[0].type) for name in rows.columns])
            return self.session.run([self.output], {inputs[0].name: matrix})[0]
        given = {each.name: _column(rows[each.name], each.type)[:, np.newaxis] for each in inputs}
        return self.session.run([self.output], given)[0]


def _is_matrix(inputs: Sequence[Any]) -> bool:
    return len(inputs) == 1 and (len(inputs[0].shape) < _PAIR or inputs[0].shape[1] != 1)


def _column(column: pd.Series[Any], kind: str) -> Any:
    if kind == _TEXT:
        return column.astype(object).map(str, na_action="ignore").fillna("").astype(object).to_numpy()
    return numbers(column).astype(_NUMBERS.get(kind, np.float32))


@dataclass(frozen=True)
class OnnxModel:
    """Adapts a graph that puts out one probability or one number.

    Attributes:
        graph: the graph.
        unit: in which it is explained.
    """

    graph: OnnxGraph
    unit: Unit

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """The columns that it takes; None if they have no names."""
        return self.graph.feature_names

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The probability of the positive class, the second of two, or the number, shape (n,)."""
        found = _matrix(self.graph.run(rows))[0]
        return found[:, -1]

    def attribution(self, background: pd.DataFrame) -> Attribute | None:  # noqa: ARG002 - as the protocol has it
        """None: a graph may be of any kind."""
        return None


@dataclass(frozen=True)
class OnnxClasses:
    """Adapts a graph that puts out a probability of each class.

    Attributes:
        graph: the graph.
        said: the names of the classes under `""`, once it has named them with its first scores.
    """

    graph: OnnxGraph
    unit: Unit = "log-odds"
    said: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False)

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes by name, in the order of its output, as far as it has named them."""
        return self.said.get("")

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        """The columns that it takes; None if they have no names."""
        return self.graph.feature_names

    def predict(self, rows: pd.DataFrame) -> FloatArray:
        """The probability of each class, shape (n, k)."""
        found, names = _matrix(self.graph.run(rows))
        if names is None:
            return found
        # rows name the classes in one order; it is that of the first row ever seen
        known = self.said.setdefault("", names)
        return found[:, [names.index(each) for each in known]]

    def class_attribution(self, background: pd.DataFrame) -> AttributeClasses | None:  # noqa: ARG002 - as the protocol has it
        """None: a graph may be of any kind."""
        return None


def _matrix(found: Any) -> tuple[FloatArray, tuple[str, ...] | None]:
    """An output as a matrix, shape (n, k), with the classes' names where it is one mapping per row."""
    if isinstance(found, list):
        keys = list(found[0]) if found else []
        values = np.array([[row[key] for key in keys] for row in found], dtype=np.float64)
        return values.reshape(len(found), len(keys)), tuple(str(class_name(key)) for key in keys)
    matrix = np.asarray(found, dtype=np.float64)
    return matrix.reshape(len(matrix), -1), None


def adapt_graph(
    session: Any, *, place: str, puts: Puts, declared: Mapping[str, Kind]
) -> OnnxModel | OnnxClasses:
    """The adapter of a graph.

    Args:
        session: an `onnxruntime.InferenceSession`.
        place: the version it came from, for the error.
        puts: what it has to put out.
        declared: the inputs that were logged with it, in order.

    Raises:
        ModelLoadError: none of its outputs can be that.
    """
    outputs = [each for each in session.get_outputs() if _may_be(each, puts)]
    if not outputs:
        told = ", ".join(f"{each.name} ({each.type})" for each in session.get_outputs())
        wanted = {"score": "a probability", "classes": "a probability of each class", "number": "a number"}
        raise ModelLoadError(
            f"{place} is a graph of ONNX that puts out {told}, none of which can be {wanted[puts]}.",
            remedy="Convert the model with its probabilities as an output.",
        )
    # where labels are numbers too, probabilities come after them
    graph = OnnxGraph(session, outputs[-1].name, tuple(declared) or None)
    if puts == "classes":
        return OnnxClasses(graph)
    return OnnxModel(graph, "log-odds" if puts == "score" else "unit of the target")


def _may_be(output: Any, puts: Puts) -> bool:
    if output.type.startswith("seq(map("):
        return puts != "number"
    if output.type not in _FLOATS:
        return False
    last = output.shape[-1] if len(output.shape) >= _PAIR else 1
    if not isinstance(last, int):
        return True
    return {"score": last in (1, _PAIR), "classes": last > _PAIR, "number": last == 1}[puts]
