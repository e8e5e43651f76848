from __future__ import annotations

from dataclasses import replace

import pytest

from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.jira_issues import CHANNEL
from obs_dagster.alerts.channels.thread import Thread
from tests.unit.alerts.channels.jira import Jira


@pytest.fixture(params=[True, False], ids=["cloud", "own server"])
def jira(service, request):
    service.usually = Jira(cloud=request.param)
    return service.usually


@pytest.fixture
def talk(service):
    def talk(message, thread=None, options=""):
        url = f"jira-issues+http://me%40example.com:planted@{service.place}/FL{options}"
        return CHANNEL.talk(url, message, thread or Thread())

    return talk


def test_a_thread_is_one_issue_with_comments_that_is_closed_at_its_end(jira, talk, firing, resolved):
    names = talk(firing, options="#type=Bug").names
    talk(replace(resolved, key="k:ack", event="acknowledged", title="somebody looks"), Thread(names))
    assert talk(resolved, Thread(names)).names == names == {"issue": "FL-1"}
    [issue] = jira.issues.values()
    assert (issue["project"], issue["issuetype"]) == ({"key": "FL"}, {"name": "Bug"})
    assert issue["summary"] == firing.title
    assert firing.body in issue["description"]
    said = [body.splitlines()[1] for body in jira.comments["FL-1"]]
    assert said == ["somebody looks", resolved.title]
    assert jira.status["FL-1"] == "Done"


@pytest.mark.parametrize(
    ("done", "status"), [("Finish", "Done"), ("In Progress", "In Progress"), ("no", "To Do")]
)
def test_the_transition_that_ends_it_can_be_named(jira, talk, firing, resolved, done, status):  # noqa: PLR0917
    names = talk(firing).names
    talk(resolved, Thread(names), options=f"#done={done}")
    assert jira.status["FL-1"] == status
    by_hand = "close it by hand" in jira.comments["FL-1"][-1]
    assert by_hand == (done == "no")


def test_an_issue_whose_creation_was_not_confirmed_is_found_again(service, jira, talk, firing):
    service.answers = [None]
    with pytest.raises(ChannelError):
        talk(firing)
    assert talk(firing, Thread(again=True)).names == {"issue": "FL-1"}
    assert len(jira.issues) == 1


def test_a_comment_that_was_not_confirmed_is_not_made_again(service, jira, talk, firing, resolved):
    names = talk(firing).names
    update = replace(resolved, event="updated", key="k:updated")
    service.answers = [jira(_asked(service, "GET", "2/issue/FL-1")), None]
    with pytest.raises(ChannelError):
        talk(update, Thread(names))
    talk(update, Thread(names, again=True))
    assert len(jira.comments["FL-1"]) == 1


@pytest.mark.parametrize("what", ["deleted", "closed"])
def test_what_fires_again_after_its_issue_is_gone_or_done_gets_a_new_one(jira, talk, firing, what):
    names = talk(firing).names
    if what == "closed":
        jira.status["FL-1"] = "Done"
    else:
        jira.issues["FL-9"] = jira.issues.pop("FL-1")
    assert talk(replace(firing, key="again"), Thread(names)).names == {"issue": "FL-2"}


def test_text_out_of_data_is_no_markup(jira, talk, firing):
    talk(replace(firing, body="{noformat}h1. [click|https://evil.example]"))
    assert jira.issues["FL-1"]["description"].count("{noformat}") == 2


def _asked(service, method, place):
    return replace(service.asked[-1], method=method, path=f"/rest/api/{place}")
