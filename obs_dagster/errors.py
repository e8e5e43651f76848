"""The exceptions that reach a person: each says what is wrong, where, and what to do about it."""

from __future__ import annotations

from obs_dagster.secrets import scrub


class ObsError(Exception):
    """Root of every error the project raises on purpose; what it says holds no secret.

    Args:
        message: what is wrong and where, in one sentence.
        remedy: what the reader can do about it, in one sentence.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        # messages quote the errors of other libraries, and these the URLs that they were given
        self.message = scrub(message)
        self.remedy = remedy
        super().__init__(f"{self.message} {remedy}".strip())


class SettingsError(ObsError):
    """A setting in the environment is malformed; nothing can be done before it is mended."""


class SourceError(ObsError):
    """A log or label source cannot be read as the monitor describes it."""


class LakeError(ObsError):
    """A partition of the lake is missing or cannot be read."""


class ModelLoadError(ObsError):
    """A model version cannot be loaded from the registry under the monitor's trust setting."""


class HistoryError(ObsError):
    """The history store cannot be reached or holds a schema that this version does not know."""
