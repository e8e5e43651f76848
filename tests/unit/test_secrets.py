"""Secrets stay out of any text, in any form that libraries write them in."""

import logging
import traceback
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster import secrets
from obs_dagster.errors import ObsError
from obs_dagster.monitor.secret_url import resolved
from obs_dagster.secrets import Hidden, scrub, without_secrets
from obs_dagster.telemetry.logs import hide_secrets

PLACES = [
    "MLFLOW_TRACKING_URI",
    "OBS_DATABASE_URL",
    "SOMEBODYS_URL",
]


@pytest.fixture(autouse=True)
def forgets(monkeypatch):
    monkeypatch.setattr(secrets, "_remembered", set())
    secrets._forms.cache_clear()
    yield
    secrets._forms.cache_clear()


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("password", ["hunter2hunter2", "p@ss/w:ord#1", "päss wört", "100%sure"])
def test_a_password_of_a_url_is_hidden_in_every_form(monkeypatch, name, password):
    monkeypatch.setenv(name, f"https://night:{quote(password, safe='')}@server.example:5000/path")
    for form in (password, quote(password, safe=""), quote_plus(password), repr(password)[1:-1]):
        assert scrub(f"before {form} after") == "before *** after"


@pytest.mark.parametrize(
    "name",
    ["MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_PASSWORD", "DAGSTER_PG_PASSWORD", "AWS_SECRET_ACCESS_KEY"],
)
def test_what_is_called_a_secret_is_one(monkeypatch, name):
    monkeypatch.setenv(name, "zXy0987wvu")
    assert scrub("with zXy0987wvu, twice: zXy0987wvu") == "with ***, twice: ***"


def test_what_only_sounds_like_one_is_not(monkeypatch):
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "falsehood")
    monkeypatch.setenv("USE_TOKEN", "false")
    monkeypatch.setenv("POSTGRES_PASSWORD_FILE", "/run/secrets/postgres")
    text = "falsehood is false, see /run/secrets/postgres"
    assert scrub(text) == text


def test_a_password_that_is_a_word_leaves_other_words_alone(monkeypatch):
    monkeypatch.setenv("OBS_DATABASE_URL", "postgresql://postgres:post@localhost/obs")
    assert scrub("postgresql by post, at the postoffice") == "postgresql by ***, at the postoffice"


@given(
    st.text(
        st.characters(codec="utf-8", exclude_characters="/@'\"<>?#", exclude_categories=["Z", "C"]),
        min_size=1,
    )
)
def test_any_url_loses_its_user_and_password(password):
    assert scrub(f"(https://me:{password}@host/x)") == "(https://***@host/x)"


def test_what_is_remembered_is_hidden_from_then_on():
    assert scrub("0123456789") == "0123456789"
    secrets.remember("0123456789", "json://me:opensesame@host/")
    assert scrub("0123456789 opensesame") == "*** ***"


def test_an_error_of_the_project_and_all_its_causes_hold_none(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:opensesame@host")
    first, second = ValueError("opensesame in the first"), KeyError("nothing here")
    error = ObsError(f"It failed ({first}).")
    error.__cause__, second.__cause__ = second, first
    without_secrets(error)
    assert isinstance(error.__cause__, Hidden)
    whole = "".join(traceback.format_exception(error))
    assert "opensesame" not in whole
    assert "*** in the first" in whole
    assert "nothing here" in whole


def test_causes_without_a_secret_stay_what_they_are():
    error = ObsError("It failed.")
    error.__cause__ = cause = ValueError("nothing here")
    without_secrets(error)
    assert error.__cause__ is cause


def test_a_log_record_of_any_library_comes_without(monkeypatch, caplog):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:opensesame@host")
    factory = logging.getLogRecordFactory()
    try:
        hide_secrets()
        logging.getLogger("of.somebody").warning("said %s", "opensesame")
        logging.getLogger("of.somebody").warning("it broke", exc_info=ValueError("opensesame"))
    finally:
        logging.setLogRecordFactory(factory)
    assert "opensesame" not in caplog.text
    assert "said ***" in caplog.text
    assert "ValueError: ***" in caplog.text


def test_a_file_says_what_a_variable_does_not(tmp_path):
    (tmp_path / "token").write_text(" s3cr3tOfAFile \n")
    environ = {"TOKEN_FILE": str(tmp_path / "token"), "GONE_FILE": str(tmp_path / "gone"), "SET": "here"}
    assert secrets.given("TOKEN", environ) == "s3cr3tOfAFile"
    assert scrub("before s3cr3tOfAFile after") == "before *** after"
    assert secrets.given("SET", environ | {"SET_FILE": str(tmp_path / "token")}) == "here"
    assert secrets.given("GONE", environ) is None
    assert secrets.given("NOWHERE", environ) is None


def test_a_channel_takes_its_secret_from_a_file_and_hides_it(tmp_path):
    (tmp_path / "hook").write_text("h00kOfAFile\n")
    environ = {"HOOK_FILE": str(tmp_path / "hook")}
    assert resolved("json://night:${HOOK}@127.0.0.1/x", environ) == "json://night:h00kOfAFile@127.0.0.1/x"
    assert scrub("before h00kOfAFile after") == "before *** after"
    with pytest.raises(ObsError, match=r"Set GONE, or GONE_FILE to the path of a file"):
        resolved("json://night:${GONE}@127.0.0.1/x", environ)
