"""`mail+smtps://`: e-mails that mail programs show as one conversation per thread.

`mailto://` is Apprise's: it knows the servers of many providers, but each of its mails stands alone.
"""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from typing import ClassVar
from urllib.parse import urlsplit

from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.form import Address, Form
from obs_dagster.alerts.channels.formed import Formed
from obs_dagster.alerts.channels.thread import Taken, Thread
from obs_dagster.alerts.message import Message

_SECONDS = 10.0


class Mail(Formed):
    """Sends mails through a server: `smtps` is TLS from the start, `smtp` STARTTLS unless `tls=no`."""

    form: ClassVar = Form(
        "mail",
        "mail+smtps://USER:PASSWORD@HOST#from=obs@example.com&to=a@example.com,b@example.com",
        options={"from": "", "to": "", "tls": "yes"},
        transports=("smtp", "smtps"),
    )

    def say(self, address: Address, message: Message, thread: Thread) -> Taken:
        """Send a mail to all; whom the server refused is tried again, the others are not."""
        everybody = [each.strip() for each in address.options["to"].split(",")]
        names = dict(thread.names)
        left = names.pop("left", "").split() if names.get("left_of") == message.key else everybody
        names.pop("left_of", None)
        subject = names.setdefault("subject", message.title)
        first = names.setdefault("first", message.key) == message.key
        mail = written(message, address, everybody, "" if first else subject)
        try:
            refused = self._through(address, mail, left)
        except smtplib.SMTPRecipientsRefused as error:
            raise ChannelError(
                f"The mail server refused every recipient: {_said(error.recipients)}."
            ) from error
        except smtplib.SMTPResponseException as error:
            raise ChannelError(
                f"The mail server answered {error.smtp_code}: {error.smtp_error!r}."
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise ChannelError(f"The mail server cannot be used: {error or type(error).__name__}.") from error
        if refused:
            names |= {"left": " ".join(refused), "left_of": message.key}
            raise ChannelError(
                f"The mail server refused {len(refused)} of {len(left)} recipients: {_said(refused)}.",
                remedy="The others have the mail; these are tried again.",
                names=names,
            )
        return Taken(names)

    @staticmethod
    def _through(address: Address, mail: EmailMessage, to: list[str]) -> dict[str, tuple[int, bytes]]:
        """Whom the server refused."""
        host, port = address.host
        safe = ssl.create_default_context()
        direct = urlsplit(address.base).scheme == "smtps"
        server = (
            smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=safe)
            if direct
            else smtplib.SMTP(host, port, timeout=_SECONDS)
        )
        with server:
            if not direct and address.options["tls"] != "no":
                server.starttls(context=safe)
            if address.user:
                server.login(address.user, address.password)
            return server.send_message(mail, to_addrs=to)

    def wrong(self, address: Address) -> str:
        """A mail needs a sender and somebody who gets it."""
        people = [address.options["from"], *address.options["to"].split(",")]
        return "" if all("@" in each for each in people) else f"It is written {self.form.example}."


def written(message: Message, address: Address, to: list[str], answered: str) -> EmailMessage:
    """The mail: later ones of a thread answer the first, whose subject is theirs too; of that it is empty."""
    domain = address.options["from"].rpartition("@")[2]
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Date"] = address.options["from"], ", ".join(to), formatdate()
    top = f"<{_digest(message.thread)}@{domain}>"
    mail["Message-ID"] = f"<{_digest(message.key)}@{domain}>" if answered else top
    mail["Subject"] = f"Re: {answered}" if answered else message.title
    if answered:
        mail["In-Reply-To"] = mail["References"] = top
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Obs-Key"] = message.key
    links = "".join(f"\n{name}: {url}" for name, url in message.links.items() if url not in message.body)
    mail.set_content(f"{message.title}\n\n{message.body}\n{links}")
    return mail


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _said(refused: dict[str, tuple[int, bytes]]) -> str:
    return "; ".join(
        f"{who}: {code} {said.decode(errors='replace')}" for who, (code, said) in refused.items()
    )


CHANNEL = Mail()
