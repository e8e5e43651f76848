"""Makes the pictures of the documentation: `python -m obs_dagster.demo.screenshots`, or `make screenshots`.

It shows the demo, which it runs first in a home that has none, in `obs dev` and a headless Chromium.
Playwright drives the browser that is installed; `OBS_BROWSER` names another one.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from obs_dagster.demo.plan import LAST_DAY
from obs_dagster.demo.registration import MODEL
from obs_dagster.errors import ObsError
from obs_dagster.links import FLEET_PAGE, Links, experiment_name, health_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_PATIENCE = 180.0
"""Seconds until both servers answer, on a slow machine."""
_COLOURS = 256
_PHONE = 600
"""Windows narrower than this are a phone's, with two points a pixel."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture.

    Attributes:
        name: of the file.
        url: what is shown.
        size: of the window.
        wait: a text on the page that is waited for.
        settle: milliseconds after which what moves has come to rest.
        dismiss: buttons that are pressed if they are there, such as that of a greeting.
        unfold: a CSS selector of what is pressed to see more, the last one that there is.
    """

    name: str
    url: str
    size: tuple[int, int]
    wait: str
    settle: int = 500
    dismiss: tuple[str, ...] = ()
    unfold: str = ""


def main() -> None:
    """Run the demo where there is none, and write the pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, default=Path(".obs"), help="the demo's home folder")
    parser.add_argument("--to", type=Path, default=Path("docs/images"), help="where the pictures go")
    arguments = parser.parse_args()
    home = arguments.home.absolute()
    environ = os.environ | {"OBS_HOME": str(home)}
    if not (home / "reports" / health_page(MODEL, LAST_DAY)).exists():
        _obs(environ, "demo")
    ports = _free_ports()
    links = Links(f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}")
    environ |= {"OBS_DAGSTER_URL": links.dagster, "OBS_MLFLOW_URL": links.mlflow}
    _obs(environ, "report", "--all")
    arguments.to.mkdir(parents=True, exist_ok=True)
    with _served(environ, ports, links), _browser() as browser:
        for picture in _pictures(home / "reports", links):
            file = arguments.to / f"{picture.name}.png"
            _shoot(browser, picture, file)
            sys.stdout.write(f"{file}\n")


def _pictures(reports: Path, links: Links) -> Iterator[Picture]:
    health = (reports / health_page(MODEL, LAST_DAY)).as_uri()
    yield Picture("fleet", (reports / FLEET_PAGE).as_uri(), (1280, 620), "All models")
    yield Picture("health", health, (1280, 900), "Version 1")
    yield Picture("health-phone", health, (390, 844), "Version 1")
    yield Picture("incident", f"{health}#firing", (1280, 560), "Incident")
    greeting = ("Skip", "Close", "Maybe later")
    yield Picture(
        "lineage", links.group(MODEL, "obs-dagster"), (1900, 1100), "mlflow_report", 10_000, greeting
    )
    check = links.check(MODEL, "alerts", "recall_lost")
    yield Picture("check", check, (1500, 900), "recall_lost", 6_000, greeting)
    experiment = links.experiment(_experiment(links.mlflow))
    nights = '[col-id*="Run Name"] button'
    yield Picture("mlflow", experiment, (1500, 640), "version 2", 4_000, greeting, nights)


def _shoot(browser: Browser, picture: Picture, file: Path) -> None:
    width, height = picture.size
    phone = width < _PHONE
    page = browser.new_page(
        viewport={"width": width, "height": height},
        device_scale_factor=2 if phone else 1,
        color_scheme="light",
        reduced_motion="reduce",
    )
    page.goto(picture.url)
    page.get_by_text(picture.wait).first.wait_for(timeout=60_000)
    for name in picture.dismiss:
        _press(page, name)
    page.wait_for_timeout(picture.settle)
    if picture.unfold:
        page.locator(picture.unfold).last.click()
        page.wait_for_timeout(picture.settle)
    page.screenshot(path=file)
    page.close()
    _shrink(file)


def _press(page: Page, name: str) -> None:
    button = page.get_by_role("button", name=name, exact=True)
    if button.count() and button.first.is_visible():
        button.first.click()


def _shrink(file: Path) -> None:
    """Pages have few colours; with a palette a picture is a third as large."""
    from PIL import Image

    with Image.open(file) as picture:
        picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def _experiment(mlflow: str) -> str:
    """The id of the model's experiment."""
    asked = urlencode({"experiment_name": experiment_name(MODEL)})
    with urllib.request.urlopen(f"{mlflow}/api/2.0/mlflow/experiments/get-by-name?{asked}") as answer:  # noqa: S310  http, our own
        return str(json.load(answer)["experiment"]["experiment_id"])


@contextmanager
def _browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    found = os.environ.get("OBS_BROWSER") or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        raise ObsError(
            f"There is no browser: none of {', '.join(_BROWSERS)}.",
            remedy="Install Chromium, or set OBS_BROWSER.",
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def _served(environ: Mapping[str, str], ports: tuple[int, int], links: Links) -> Iterator[None]:
    """Both UIs, for the block."""
    command = [_program(), "dev", "--port", str(ports[0]), "--mlflow-port", str(ports[1])]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=dict(environ), stdout=quiet, stderr=quiet) as served:  # noqa: S603  our own program
        try:
            for url in (links.dagster, links.mlflow):
                _wait(url, served)
            yield
        finally:
            served.send_signal(signal.SIGINT)


def _wait(url: str, served: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and served.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310  http, our own
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise ObsError(f"Nothing answers at {url}.", remedy="Look what `obs dev` says.")


def _obs(environ: Mapping[str, str], *arguments: str) -> None:
    # models that fire are no failure of the demo
    subprocess.run([_program(), *arguments], env=dict(environ), check=True)  # noqa: S603  our own program


def _program() -> str:
    return str(Path(sys.executable).with_name("obs"))


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


if __name__ == "__main__":
    main()
