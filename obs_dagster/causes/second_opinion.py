"""Asks another program the same question: DoWhy, which runs in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from obs_dagster.causes.asked import Asked
from obs_dagster.errors import ObsError
from obs_dagster.secrets import scrub

_PROGRAM = Path(__file__).with_name("dowhy_apart.py")
_SECONDS = 300.0
_PASSED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
_LIKELY = 0.5
"""An edge is in DoWhy's graph if the nights make it more likely than not."""


class SecondOpinionError(ObsError):
    """The other program is not there, or did not answer."""


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """What another program says.

    Attributes:
        program: its name and version.
        edges: the graph that it was given, each edge as cause and effect.
        chances: by component that is off, the chance of what is asked about, and the one were it as usual.
    """

    program: str
    edges: Sequence[tuple[str, str]]
    chances: Mapping[str, tuple[float, float]]

    def as_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "program": self.program,
            "edges": [list(each) for each in self.edges],
            "causes": {
                name: {"chance": off, "chance_otherwise": usual}
                for name, (off, usual) in self.chances.items()
            },
        }


def second_opinion(asked: Asked, python: str) -> SecondOpinion:
    """DoWhy's chances on the same nights, with the graph that these make likely.

    Args:
        asked: the question, of which there are probabilities.
        python: the interpreter of an environment with DoWhy.

    Raises:
        SecondOpinionError: it is not there, or did not answer.
    """
    payload = asked.as_payload(_LIKELY)
    # what it runs is not ours: it gets no secret of the environment
    environ = {name: os.environ[name] for name in _PASSED if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603  our own program, by the interpreter that the settings name
            [python, "-I", str(_PROGRAM)],
            input=json.dumps(payload),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            env=environ,
            check=False,
        )
    except OSError as error:
        raise SecondOpinionError(
            f"{python} cannot be started: {error.strerror or error}.",
            remedy="Name the interpreter of an environment with DoWhy in OBS_CAUSES_PYTHON.",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise SecondOpinionError(
            f"DoWhy did not answer within {_SECONDS:g} seconds.", remedy="Ask again when the machine is idle."
        ) from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise SecondOpinionError(
            f"DoWhy did not answer: {scrub(last)[:200]}.",
            remedy=f"Is it there? `{python} -m pip install 'dowhy>=0.14'` installs it.",
        )
    return _read(done.stdout, [(cause, effect) for cause, effect in payload["edges"]])


def _read(text: str, edges: Sequence[tuple[str, str]]) -> SecondOpinion:
    try:
        found = json.loads(text)
        chances = {
            str(name): (float(each["chance"]), float(each["chance_otherwise"]))
            for name, each in found["causes"].items()
        }
        return SecondOpinion(str(found["program"]), edges, chances)
    except (ValueError, TypeError, KeyError) as error:
        raise SecondOpinionError(
            "DoWhy's program gave no answer that can be read.", remedy="Run the command again."
        ) from error
