"""The health page in a real browser."""

import datetime as dt
import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from obs_dagster.reports.health import HealthInput, render_health

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

pytestmark = [
    pytest.mark.ui,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]


@pytest.fixture(scope="module")
def season():
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "unit/season.py")))


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture
def show(browser, season, tmp_path):
    """Opens the page of the season, and keeps what it asks the network for and complains of."""
    opened = []

    def show(*, scheme="light", width=LAPTOP["width"], **changes):
        described = {
            "monitor": season.monitor(),
            "records": season.records(),
            "alerts": season.alerts(),
            "nights": season.nights(),
            "day": season.LAST,
            "generated_at": dt.datetime(2013, 7, 22, 5, tzinfo=dt.UTC),
        }
        file = tmp_path / "health.html"
        file.write_text(render_health(HealthInput(**(described | changes))), encoding="utf-8")
        page = browser.new_page(viewport=LAPTOP | {"width": width}, color_scheme=scheme)
        opened.append(page)
        page.requests, page.complaints = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(file.as_uri())
        return page

    yield show
    for page in opened:
        page.close()


def test_it_asks_nobody_and_complains_of_nothing(show):
    page = show()
    asked = [url for url in page.requests if not url.startswith("data:")]
    assert asked == [page.url]
    assert page.complaints == []


def test_the_verdicts_are_above_the_fold(show):
    page = show()
    cards = page.locator(".verdict")
    assert cards.count() == 2
    for index, (status, version) in enumerate([("failing", "Version 1"), ("sound", "Version 2")]):
        box = cards.nth(index).bounding_box()
        assert box["y"] + box["height"] < LAPTOP["height"]
        assert cards.nth(index).locator(".badge").inner_text().strip() == status
        assert version in cards.nth(index).inner_text()


@pytest.mark.parametrize("width", [1366, 1024])
def test_nothing_runs_out_of_its_card_or_the_page(show, width):
    page = show(width=width)
    overflowing = page.evaluate(
        """() => [...document.querySelectorAll('.card, main, header, footer, html')]
            .filter(element => element.scrollWidth > element.clientWidth + 1)
            .map(element => element.className + ': ' + element.innerText.slice(0, 60))"""
    )
    assert overflowing == []


def test_on_a_phone_the_page_keeps_its_width(show):
    assert show(width=420).evaluate("document.documentElement.scrollWidth") <= 420


def test_long_names_break_instead_of_running_out(show, season):
    name = "a_very_long_name_" * 12
    records = [
        season.record("psi", "1", season.LAST, 0.5, spread=0.1, column=name),
        season.record("recall", "1", season.LAST, 0.5, spread=0.1),
        season.record("recall", "1", season.LAST, 0.5, spread=0.1, segment=f"origin={name}"),
        season.record("shap_importance", "1", season.LAST, 0.5, window=1, column=name),
    ]
    page = show(records=records, alerts=[season.alert(segment=name, summary=name, owner=name)])
    assert page.evaluate("document.documentElement.scrollWidth") <= LAPTOP["width"]


def test_each_trend_is_a_picture_with_a_title_and_a_description(show):
    pictures = show().locator("svg[role=img]")
    assert pictures.count() == 8
    for index in range(8):
        picture = pictures.nth(index)
        for attribute in ("aria-labelledby",):
            for label in picture.get_attribute(attribute).split():
                assert picture.locator(f"#{label}").text_content().strip()


CONTRAST = """() => {
  const channel = value => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if (color.length < 4 || color[3] > 0.5) return color;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.closest('svg title, svg desc')) continue;
    const style = getComputedStyle(element);
    const text = rgb(element.closest('svg') ? style.fill : style.color);
    const [a, b] = [light(text), light(ground(element.closest('svg') ?? element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(ratio.toFixed(2) + ' ' + element.textContent.trim().slice(0, 40));
  }
  return [...new Set(low)];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(show, scheme):
    assert show(scheme=scheme).evaluate(CONTRAST) == []


def test_dark_and_light_follow_the_system(show):
    grounds = {
        scheme: show(scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert grounds == {"light": "rgb(245, 246, 248)", "dark": "rgb(14, 17, 21)"}


def test_it_prints_on_a_few_pages_without_cutting_tables(show):
    page = show(width=718)  # the width of A4 between Chromium's default margins
    printed = page.pdf(format="A4")
    assert 1 <= printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") <= 6
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 718


def test_an_empty_history_is_a_page_too(show):
    page = show(records=[], alerts=[], nights=[])
    assert "nothing to judge" in page.locator(".verdict").inner_text()
    assert page.complaints == []
