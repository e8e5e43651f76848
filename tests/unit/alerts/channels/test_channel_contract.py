"""What every registered channel keeps to, whichever there are."""

import re
from collections import Counter

import pytest

from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.registry import CHANNELS, channel_of, scheme_of
from obs_dagster.alerts.message import Message

NAMES = sorted(CHANNELS.all())
MESSAGE = Message("key:1", "firing", "warning", "title", "body", {"model": "small"})
SECRET = "hunter2secret"
#: Nobody is at these places: what is after the scheme is nothing that a service could use.
MALFORMED = ["", "/", f"{SECRET}@@", f"?{SECRET}=%"]


@pytest.mark.parametrize("name", NAMES)
def test_schemes_are_written_as_they_are_looked_up(name):
    schemes = CHANNELS.named(name).schemes()
    assert schemes
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9+.-]*", scheme) for scheme in schemes)


def test_of_ours_no_two_take_the_same_scheme():
    taken = Counter(scheme for each in CHANNELS.all().values() for scheme in set(each.schemes()))
    assert [scheme for scheme, count in taken.items() if count > 1] == []


@pytest.mark.parametrize("name", NAMES)
def test_it_is_found_by_each_of_its_schemes_in_any_case(name):
    channel = CHANNELS.named(name)
    for scheme in channel.schemes():
        assert channel_of(f"{scheme.upper()}://x") is channel
        assert scheme_of(f"{scheme.upper()}://x") == scheme


@pytest.mark.parametrize("rest", MALFORMED)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_wrong_with_a_url_does_not_quote_it(name, rest):
    channel = CHANNELS.named(name)
    for scheme in sorted(channel.schemes())[:40]:
        told = channel.problem(f"{scheme}://{rest}")
        assert SECRET not in told
        named = channel.host(f"{scheme}://{rest}") if not told else None
        assert named is None or (isinstance(named[0], str) and 0 < named[1] < 65_536)


@pytest.mark.parametrize("name", NAMES)
def test_what_it_finds_wrong_it_does_not_send(name):
    channel = CHANNELS.named(name)
    refused = [url for scheme in sorted(channel.schemes())[:40] if channel.problem(url := f"{scheme}://")]
    for url in refused:
        with pytest.raises(ChannelError):
            channel.send(url, MESSAGE)
