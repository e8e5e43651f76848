"""Models that were logged with `mlflow.onnx`."""

from __future__ import annotations

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.logged_model import LoggedModel
from obs_dagster.explain.onnx_graph import OnnxClasses, OnnxModel, adapt_graph


class Onnx:
    """Graphs of ONNX, which hold no code; whatever library trained them."""

    name = "onnx"

    def adapt(self, logged: LoggedModel) -> OnnxModel | OnnxClasses:
        """The graph in the file."""
        try:
            import onnxruntime
        except ImportError as error:
            raise ModelLoadError(
                f"{logged.place} needs ONNX Runtime, which is not installed.",
                remedy="Install onnxruntime, or obs-dagster with the extra `onnx`.",
            ) from error
        file = str(logged.path / str(logged.flavor["data"]))
        session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        return adapt_graph(session, place=logged.place, puts=logged.puts, declared=logged.declared)


ADAPTER = Onnx()
