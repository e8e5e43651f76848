"""The health page in a real browser."""

import pytest

LAPTOP = {"width": 1366, "height": 768}

pytestmark = pytest.mark.ui


@pytest.fixture
def show(show_html, health):
    """Opens the page of the season."""

    def show(*, scheme="light", width=LAPTOP["width"], **changes):
        return show_html(health(**changes), scheme=scheme, width=width)

    return show


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
