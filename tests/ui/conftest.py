"""A real browser, and the pages of the season in it."""

import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LAPTOP = {"width": 1366, "height": 768}
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def season():
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "unit/season.py")))


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture
def show_html(browser, tmp_path):
    """Opens a page, and keeps what it asks the network for and complains of."""
    opened = []

    def show_html(html, *, scheme="light", width=LAPTOP["width"], scripts=True, fragment=""):
        file = tmp_path / "page.html"
        file.write_text(html, encoding="utf-8")
        page = browser.new_page(
            viewport=LAPTOP | {"width": width}, color_scheme=scheme, java_script_enabled=scripts
        )
        opened.append(page)
        page.requests, page.complaints = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(f"{file.as_uri()}{fragment}")
        return page

    yield show_html
    for page in opened:
        page.close()


@pytest.fixture
def health(season):
    """The health page of the season, with what a test changes."""
    return season.health_page
