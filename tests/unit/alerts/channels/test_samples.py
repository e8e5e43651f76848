from tests.unit.alerts.channels.samples import PAGE, rendered


def test_the_documentation_shows_what_channels_send_today():
    assert PAGE.read_text(encoding="utf-8") == rendered(), (
        "Run `python -m tests.unit.alerts.channels.samples > docs/notifications.md`."
    )
