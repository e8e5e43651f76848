import pytest

from obs_dagster.monitor import Route


@pytest.mark.parametrize(
    ("url", "label"),
    [
        ("log://", "log://"),
        ("json://127.0.0.1:8080/hook?token=s3cret", "json://127.0.0.1"),
        ("https://user:s3cret@example.com/s3cret", "https://example.com"),
        ("mailto://user:s3cret@smtp.example.com:587?to=a@example.com", "mailto://smtp.example.com"),
        ("json://[::1]:80/s3cret", "json://[::1]"),
        ("json://user:s3/cret@example.com", "json://…"),
        ("json://${HOST}/x", "json://…"),
        ("slack://s3cretA/s3cretB/s3cretC", "slack://…"),
        ("pagerduty://s3cret@s3cret", "pagerduty://…"),
        ("${SLACK_URL}", "${SLACK_URL}"),
        ("teams+${TEAMS_URL}", "teams+${TEAMS_URL}"),
        ("teams+https://user:s3cret@example.com/s3cret?sig=s3cret", "teams+https://example.com"),
        ("slack-bot://s3cret/s3cret", "slack-bot://…"),
        ("${SCHEME}://s3cret", "…"),
        ("s3cret", "…"),
    ],
)
def test_a_label_has_no_credentials(url, label):
    assert Route(url=url).label == label


def test_the_environment_of_the_process_resolves_a_route(monkeypatch):
    monkeypatch.setenv("SLACK_TOKEN", "a/b/c")

    assert Route(url="slack://${SLACK_TOKEN}").resolve() == "slack://a/b/c"
