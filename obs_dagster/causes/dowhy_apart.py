"""DoWhy's answer to the same question: a program of its own, in an environment of its own.

DoWhy's dependencies do not agree with this program's, so it is run by another interpreter, which has nothing
of ours. What it is asked comes on standard input as JSON, what it answers goes to standard output.
"""

from __future__ import annotations

import json
import sys
from typing import Any

_WORDS = ("normal", "off")


def answer(asked: dict[str, Any], draws: int = 20_000) -> dict[str, Any]:
    """Chances of what is asked about with each cause off and as usual, by a graphical causal model.

    Args:
        asked: `columns`; `rows` of 0 and 1; `edges`, each as cause and effect; `last`, which is asked about;
            `causes`, each with `held`, the states of what comes before it.
        draws: samples of each intervention.
    """
    import dowhy
    import networkx as nx
    import numpy as np
    import pandas as pd
    from dowhy import gcm

    gcm.config.disable_progress_bars()
    np.random.seed(asked["seed"])  # noqa: NPY002 - what DoWhy draws from
    frame = pd.DataFrame(asked["rows"], columns=asked["columns"]).map(lambda state: _WORDS[state])
    graph = nx.DiGraph()
    graph.add_nodes_from(asked["columns"])
    graph.add_edges_from(asked["edges"])
    model = gcm.ProbabilisticCausalModel(graph)
    for node in graph.nodes:
        if any(True for _ in graph.predecessors(node)):
            logistic = gcm.ml.create_logistic_regression_classifier()
            model.set_causal_mechanism(node, gcm.ClassifierFCM(logistic))
        else:
            model.set_causal_mechanism(node, gcm.EmpiricalDistribution())
    gcm.fit(model, frame)
    found = {}
    for cause, held in asked["causes"].items():
        chances = []
        for state in (1, 0):
            set_to = {**held, cause: state}
            actions = {name: _constant(_WORDS[value]) for name, value in set_to.items()}
            drawn = gcm.interventional_samples(model, actions, num_samples_to_draw=draws)
            chances.append(float((drawn[asked["last"]] == _WORDS[1]).mean()))
        found[cause] = {"chance": chances[0], "chance_otherwise": chances[1]}
    return {"program": f"DoWhy {dowhy.__version__}", "causes": found}


def _constant(value: str) -> Any:
    return lambda _: value


if __name__ == "__main__":
    # libraries print as they like
    said, sys.stdout = sys.stdout, sys.stderr
    json.dump(answer(json.load(sys.stdin)), said)
