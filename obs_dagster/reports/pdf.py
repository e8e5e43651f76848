"""A page as PDF, printed by a browser of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from obs_dagster.errors import ObsError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
"""Programs that print pages, the first that is there."""

_SECONDS = 60


class PdfError(ObsError):
    """A page could not be printed."""


def browser() -> str | None:
    """The program that prints pages; None if this machine has none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def print_page(page: Path, target: Path) -> None:
    """Print a page of ours, which loads nothing, into a file.

    Raises:
        PdfError: there is no browser, or it failed.
    """
    program = browser()
    if program is None:
        raise PdfError(
            f"{target.name} needs a browser that prints it, and this machine has none.",
            remedy=f"Install one of {', '.join(BROWSERS)}, or write the page: --output report.html.",
        )
    # as root a browser starts only without its sandbox; the page is ours and has no script
    unconfined = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with TemporaryDirectory(prefix="obs-pdf-") as profile:
        command = [
            program,
            "--headless=new",
            *unconfined,
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={profile}",
            f"--print-to-pdf={target.absolute()}",
            page.absolute().as_uri(),
        ]
        try:
            done = subprocess.run(  # noqa: S603  a program of this machine, on a page of ours
                command, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PdfError(
                f"{program} did not print the page ({error}).", remedy="Write it as HTML."
            ) from error
    if done.returncode or not target.exists():
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise PdfError(f"{program} did not print the page ({said}).", remedy="Write it as HTML.")
