from __future__ import annotations

import pytest

from obs_dagster.alerts.outbox.scrub import scrub
from obs_dagster.monitor import Route


@pytest.mark.parametrize(
    ("template", "error", "shown"),
    [
        (
            "json://night:${S}@hooks.example:8080/in",
            "401 at http://night:{s}@hooks.example:8080",
            "hooks.example",
        ),
        ("slack://${S}/Bxxxxxxxx/Cyyyyyyyyyy", "no team {s} Cyyyyyyyyyy", "no team"),
        ("json://hooks.example/in?token=${S}", "bad token '{s}' for hooks.example", "hooks.example"),
        (
            "mailto://night:${S}@smtp.example?to=a@b.example",
            "smtp.example refused {s}",
            "smtp.example refused",
        ),
    ],
)
@pytest.mark.parametrize("secret", ["hunter2x", "sp%20ace%2Fslash", "p%40ss%3Aword"])
def test_what_the_label_does_not_show_is_taken_out(template, error, shown, secret):
    from urllib.parse import unquote

    route = Route(url=template)
    url = route.resolve({"S": secret})
    for form in (secret, unquote(secret)):
        clean = scrub(error.replace("{s}", form), url, route.label)
        assert form not in clean
        assert "Cyyyyyyyyyy" not in clean
        assert "***" in clean
        assert shown in clean


def test_a_password_with_separators_in_it_is_taken_out_whole():
    url = "json://night:top/secret:word@hooks.example"
    assert "word" not in scrub("refused top/secret:word", url, "json://…")
