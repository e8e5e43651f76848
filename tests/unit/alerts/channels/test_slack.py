from __future__ import annotations

from dataclasses import replace

import pytest

from obs_dagster.alerts.channels import slack_bot, slack_webhook
from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.thread import Thread
from tests.unit.alerts.channels.conftest import Answer
from tests.unit.alerts.channels.slack import Slack


@pytest.fixture
def slack(service):
    service.usually = Slack()
    return service.usually


@pytest.fixture
def talk(service):
    url = f"slack-bot://xoxb-1-planted/C0123#api={service.url}/api"
    return lambda message, thread=None: slack_bot.CHANNEL.talk(url, message, thread or Thread())


def test_a_thread_is_one_message_that_is_brought_up_to_date_and_its_replies(slack, talk, firing, resolved):
    first = talk(firing)
    acknowledged = replace(resolved, key="k:ack", event="acknowledged", title="somebody looks")
    talk(acknowledged, Thread(first.names))
    last = talk(resolved, Thread(first.names))
    assert last.names == first.names == {"channel": "C0123", "ts": "1700000000.000100"}
    top, *replies = slack.messages.values()
    assert top["text"] == f"🟢 {resolved.title}"
    assert [each["text"] for each in replies] == ["🟠 somebody looks", f"🟢 {resolved.title}"]
    assert {each["thread_ts"] for each in replies} == {top["ts"]}


def test_what_data_says_is_text_to_slack(slack, talk, firing):
    talk(replace(firing, facts={"segment": "origin=<!channel> & co"}))
    [message] = slack.messages.values()
    told = [block["text"]["text"] for block in message["blocks"] if block["type"] == "section"]
    assert "*segment*  origin=&lt;!channel&gt; &amp; co" in told
    assert len(message["blocks"][0]["text"]["text"]) <= 150
    assert message["unfurl_links"] is False


@pytest.mark.parametrize("lost", [None, Answer(body=b"<html>proxy</html>")])
def test_a_first_message_whose_answer_was_lost_is_found_again(service, slack, talk, firing, lost):
    service.answers = [lost]
    with pytest.raises(ChannelError):
        talk(firing)
    names = talk(firing, Thread(again=True)).names
    assert list(slack.messages) == [names["ts"]]


def test_a_reply_whose_answer_was_lost_is_not_sent_again(service, slack, talk, firing, resolved):
    names = talk(firing).names
    service.answers = [Answer(body={"ok": True}), None]
    with pytest.raises(ChannelError):
        talk(resolved, Thread(names))
    talk(resolved, Thread(names, again=True))
    assert len(slack.messages) == 2


def test_a_bot_that_may_not_look_sends_twice_rather_than_never(service, talk, firing):
    service.usually = Slack(may_read=False)
    service.answers = [None]
    with pytest.raises(ChannelError):
        talk(firing)
    talk(firing, Thread(again=True))
    assert len(service.usually.messages) == 2


def test_a_message_that_somebody_deleted_is_posted_anew(slack, talk, firing, resolved):
    names = talk(firing).names
    slack.messages.clear()
    again = talk(resolved, Thread(names)).names
    assert list(slack.messages) == [again["ts"]]


def test_a_refusal_says_what_slack_calls_it(service, talk, firing):
    service.usually = lambda _: Answer(body={"ok": False, "error": "not_in_channel"})
    with pytest.raises(ChannelError, match=r"Slack refused chat.postMessage: not_in_channel"):
        talk(firing)


def test_an_incoming_webhook_gets_the_same_blocks(service, firing):
    slack_webhook.CHANNEL.send(f"slack-webhook+{service.url}/services/T0/B0/x", firing)
    [asked] = service.asked
    assert asked.path == "/services/T0/B0/x"
    assert asked.json["blocks"][0]["text"]["text"].startswith("🔴 [critical] flight_delay")


def test_a_message_that_may_not_be_changed_any_more_gets_its_replies(service, slack, talk, firing, resolved):
    names = talk(firing).names
    service.answers = [Answer(body={"ok": False, "error": "edit_window_closed"})]
    assert talk(resolved, Thread(names)).names == names
    _, reply = slack.messages.values()
    assert reply["thread_ts"] == names["ts"]
