"""What a confined process is asked to do; it imports nothing heavy, so that the process starts at once."""

import os
import time
from pathlib import Path

from obs_dagster.errors import ModelLoadError

GB = 2**30


class Answer:
    """What work gives: plain data, or what its code does instead."""

    def __init__(self, said):
        self.said = said

    def to_json(self):
        return {"said": self.said() if callable(self.said) else self.said}


def work(*said):
    return ([Answer(each)] for each in said)


def read(name):
    return Path(name).read_text()


def hog():
    return len(bytearray(4 * GB))


def sleep():
    time.sleep(60)


class Hostile:
    """A model whose loading ends the process, as code of a pickle may."""

    def __reduce__(self):
        return (os._exit, (7,))


def refuse():
    raise ModelLoadError("The version refuses the row.", remedy="Look at its values.")
