from __future__ import annotations

import socket
from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller

from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.mail import CHANNEL
from obs_dagster.alerts.channels.thread import Thread


class Mailbox:
    """Takes mail, but for those who are not here."""

    def __init__(self):
        self.taken = []
        self.away = set()

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802  # aiosmtpd's name
        if address in self.away:
            return "450 4.2.1 mailbox is busy"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  # aiosmtpd's name
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.taken.append((tuple(envelope.rcpt_tos), mail))
        return "250 OK"


@pytest.fixture
def mailbox():
    found = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(found, hostname="127.0.0.1", port=port)
    controller.start()
    found.url = f"mail+smtp://127.0.0.1:{port}#tls=no&from=obs@example.com&to=a@example.com,b@example.com"
    yield found
    controller.stop()


def test_later_mails_of_a_thread_answer_the_first(mailbox, firing, resolved):
    names = CHANNEL.talk(mailbox.url, firing, Thread()).names
    CHANNEL.talk(mailbox.url, resolved, Thread(names))
    (to, first), (_, last) = mailbox.taken
    assert to == ("a@example.com", "b@example.com")
    assert first["Subject"] == firing.title
    assert last["Subject"] == f"Re: {firing.title}"
    assert last["In-Reply-To"] == last["References"] == first["Message-ID"]
    assert last["Message-ID"] != first["Message-ID"]
    assert last.get_content().startswith(resolved.title)
    assert "https://pages.example/a.html" in first.get_content()


def test_a_mail_that_is_sent_again_is_the_same_mail(mailbox, firing):
    for again in (False, True):
        CHANNEL.talk(mailbox.url, firing, Thread(again=again))
    assert len({mail["Message-ID"] for _, mail in mailbox.taken}) == 1


def test_whom_the_server_refused_gets_it_later_and_the_others_once(mailbox, firing, resolved):
    mailbox.away = {"b@example.com"}
    with pytest.raises(ChannelError, match=r"refused 1 of 2 recipients: b@example.com: 450") as caught:
        CHANNEL.talk(mailbox.url, firing, Thread())
    mailbox.away = set()
    names = CHANNEL.talk(mailbox.url, firing, Thread(caught.value.names, again=True)).names
    CHANNEL.talk(mailbox.url, resolved, Thread(names))
    assert [to for to, _ in mailbox.taken] == [
        ("a@example.com",),
        ("b@example.com",),
        ("a@example.com", "b@example.com"),
    ]
    assert len({mail["Message-ID"] for _, mail in mailbox.taken[:2]}) == 1


def test_a_server_that_is_not_there_is_an_error(firing):
    with pytest.raises(ChannelError, match="mail server cannot be used"):
        CHANNEL.send("mail+smtp://127.0.0.1:1#tls=no&from=a@b.c&to=d@e.f", firing)


def test_a_title_out_of_data_cannot_add_headers(mailbox, firing):
    with pytest.raises(ValueError, match=r"(?i)header"):
        CHANNEL.send(mailbox.url, replace(firing, title="x\r\nBcc: evil@example.com"))
    assert mailbox.taken == []


def test_a_mail_needs_a_sender_and_somebody_who_gets_it():
    assert "from=" in CHANNEL.problem("mail+smtps://smtp.example.com#from=a@b.c")
