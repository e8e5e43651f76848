"""Whole nights over profiles that three sites sent, against the nights of the same rows in one place."""

import datetime as dt
import json
import shutil
import zipfile

import pandas as pd
import pytest

from jobs.cli import main
from obs_dagster.baselines.stored import GRIDS, baseline_folder, load_grids
from obs_dagster.errors import ObsError
from obs_dagster.evaluation.day_rows import rows_of_day
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.explain.day import explain_days
from obs_dagster.federation.agreed_grids import adopt_grids, write_grids
from obs_dagster.federation.exporting import export_days
from obs_dagster.lake.lake import write_json
from obs_dagster.profile.grids.asinh_grid import AsinhGrid
from obs_dagster.profile.grids.grid import CategoryGrid, Grids
from obs_dagster.quality.validated import day_quality
from obs_dagster.sites.inbox import Inbox, check_grids, check_package, put_in
from obs_dagster.sites.package import read_package, write_package
from obs_dagster.sites.signature import Signer
from obs_dagster.sources.changed_logs import changed_days
from tests.functional import federated_world as world
from tests.functional.conftest import Place

NOW = dt.datetime(2024, 3, 8, 6, tzinfo=dt.UTC)


def place_of(home, text):
    place = Place(home, home / "monitors" / "fraud.yaml")
    place.monitor_file.parent.mkdir(parents=True, exist_ok=True)
    place.monitor_file.write_text(text)
    return place


def run(place, first=world.FIRST, last=world.LAST):
    done = place.run(first, last)
    assert done.success, done.failures


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """Nights in one place, at each site, and of what the sites sent; the places by name. To be read only."""
    base = tmp_path_factory.mktemp("federated")
    signers = {site: Signer.new() for site in world.SITES}
    keys = "".join(f"    {site}: {{public_key: '{signers[site].public_key}'}}\n" for site in world.SITES)
    places = {}
    for site in world.SITES:
        home = base / site
        home.mkdir()
        (home / "key.pem").write_bytes(signers[site].pem)
        federation = f"federation: {{site: {site}, signing_key: {home}/key.pem}}\n"
        places[site] = place_of(home, world.monitor(home, federation))
        world.write_rows(home, (site,))
    home = base / "hub"
    places["hub"] = place_of(home, world.monitor(home, f"federation:\n  sites:\n{keys}", rows=False))
    (home / "sent").mkdir()
    home = base / "pooled"
    places["pooled"] = place_of(home, world.monitor(home, pooled=True))
    world.write_rows(home, world.SITES)
    # the first site has fitted grids to its rows, and all count on these
    first, *others = world.SITES
    run(places[first])
    write_grids(places[first].monitor, places[first].lake, base / "grids.json")
    for name in (*others, "hub"):
        adopt_grids(places[name].monitor, places[name].lake, base / "grids.json")
    # in one place the site is a column, which those of the sites' logs don't have
    grids = load_grids(places[first].monitor, places[first].lake)
    of_rows = Grids(grids.columns | {"site": CategoryGrid(top=world.SITES)})
    pooled = places["pooled"]
    write_json(baseline_folder(pooled.monitor, pooled.lake) / GRIDS, of_rows.to_json())
    for site in others:
        run(places[site])
    for site in world.SITES:
        send(places[site], places["hub"])
    run(places["hub"])
    run(places["pooled"])
    return places


def send(site, hub, *, now=NOW, name="a"):
    file = site.home / f"{name}.obsprofile"
    with site.environment():
        exported = export_days(site.monitor, (world.FIRST, world.LAST), site.lake, file, now)
    package = read_package(file)
    with hub.environment():
        check_package(package, hub.monitor)
        put_in(package, hub.monitor)
    return exported


def by_subject(place):
    """Every record's value, interval and rows, by what it is about."""
    return {
        (r.version, r.segment, r.column, r.metric, r.day, r.window): (r.value, r.low, r.high, r.n, r.error)
        for r in place.metrics()
        if r.column != "site"
    }


def test_nights_of_profiles_are_those_of_the_rows_in_one_place(sent):
    pooled, hub = by_subject(sent["pooled"]), by_subject(sent["hub"])
    assert len(hub) > 3_000
    assert not set(hub) - set(pooled)
    # these need labels or their ages, which are at the sites
    missing = {key[3].split("_")[0] for key in set(pooled) - set(hub)}
    assert missing == {"completed", "labels"}
    differing = {
        key: (pooled[key], found)
        for key, found in hub.items()
        if any(not _equal(one, other) for one, other in zip(pooled[key], found, strict=True))
    }
    assert not differing


def _equal(one, other):
    """The same up to the order in which sums are added."""
    return one == other or (None not in (one, other) and one == pytest.approx(other, rel=1e-9, abs=1e-12))


def test_each_site_is_a_segment_that_has_drift_performance_and_service(sent):
    found = by_subject(sent["hub"])
    for metric, column in (("psi", "score"), ("recall", ""), ("error_share", ""), ("volume", "")):
        cells = {key[1] for key in found if key[3] == metric and key[2] == column}
        assert {f"site={site}" for site in world.SITES} <= cells, metric
    rows = {
        key[1]: value[0]
        for key, value in found.items()
        if key[3:] == ("volume", world.LAST, 1) and key[0] == "1"
    }
    assert sum(rows[f"site={site}"] for site in world.SITES) == rows["*"]


def test_what_needs_rows_says_where_they_are(sent):
    hub = sent["hub"]
    quality = day_quality(hub.monitor, world.LAST, hub.lake)
    assert (quality.quarantined, quality.evaluated, quality.purged) == (3, True, True)
    assert quality.broken_rules == {"amount is outside [0, ∞]": 3}
    assert log_has_no_row(hub)
    night = Night(hub.monitor, hub.lake, Recorder("fraud", "", NOW))
    assert rows_of_day(night, world.LAST) is None
    served = [(world.LAST, ["1", "2"])]
    ((_, explained),) = explain_days(hub.monitor, served, hub.lake, "")
    assert {each.reason for each in explained} == {
        "its rows are at the sites, which send counts of them alone"
    }


def log_has_no_row(place):
    return all(
        place.lake.table("fraud", "inference_logs").read(day).num_rows == 0
        for day in (world.FIRST, world.LAST)
    )


def test_nothing_of_a_row_is_in_a_file(sent):
    """No id, no time, and no value that only one place of the profile has to have."""
    package = read_package(sent["oslo"].home / "a.obsprofile")
    told = json.dumps(package.header)
    assert "oslo-2024" not in told
    for name in ("profile", "outcomes", "hours"):
        columns = package.table(name).column_names
        assert not {"id", "at", "prediction_id"} & {*columns}


@pytest.fixture
def again(sent, tmp_path):
    """The places, copied, to be changed."""
    base = next(iter(sent.values())).home.parent
    shutil.copytree(base, tmp_path / "copy")
    found = {}
    for name, place in sent.items():
        home = tmp_path / "copy" / name
        text = place.monitor_file.read_text().replace(str(base), str(tmp_path / "copy"))
        found[name] = place_of(home, text)
    return found


def test_late_labels_and_corrected_rows_of_a_site_replace_what_it_sent(again):
    hub, oslo, pooled = again["hub"], again["oslo"], again["pooled"]
    before = by_subject(hub)
    # the same file twice is once, and moves nothing
    assert put_again(oslo, hub) is None
    for number in range(world.DAYS):
        day = world.FIRST + dt.timedelta(days=number)
        for place in (oslo, pooled):
            world.write_labels(place.home, day, world.rows_of("oslo", day), 1.0)
    # and of the last day a row was wrong
    for place in (oslo, pooled):
        file = place.home / "logs" / f"day={world.LAST}.parquet"
        rows = pd.read_parquet(file, partitioning=None)
        rows.loc[rows["id"] == f"oslo-{world.LAST}-7", "amount"] = 12.0
        rows.to_parquet(file, index=False)
        run(place, world.LAST)
    send(oslo, hub, now=NOW + dt.timedelta(days=1), name="b")
    # an older file that comes late changes nothing
    put_again(oslo, hub)
    with hub.environment():
        changed = [each.day for each in changed_days(hub.monitor, hub.lake)]
    assert changed == [world.LAST]
    run(hub, world.LAST)
    after, rows = by_subject(hub), by_subject(pooled)
    assert after != before
    differing = {key for key, found in after.items() if not all(map(_equal, rows[key], found))}
    # labels of the first day reach back to it, as they do where rows are
    assert not differing
    recall = ("1", "site=oslo", "", "recall", world.FIRST, 1)
    assert after[recall][3] > before[recall][3]


def put_again(site, hub):
    with hub.environment():
        return put_in(read_package(site.home / "a.obsprofile"), hub.monitor)


def test_a_site_that_sends_nothing_is_named_and_keeps_nobody_from_its_night(again):
    hub = again["hub"]
    shutil.rmtree(hub.home / "sent" / "lyon")
    run(hub, world.LAST)
    manifest = hub.lake.table("fraud", "inference_logs").manifest(world.LAST)
    assert manifest["lacking"] == ["lyon"]
    found = {
        r.segment: r.value
        for r in hub.metrics(days=[world.LAST], versions=["1"], windows=[1])
        if r.metric == "volume"
    }
    assert found["site=oslo"] > 0
    assert found["site=lyon"] == 0


def test_what_is_not_signed_by_a_site_of_the_monitor_is_refused(again, tmp_path):
    hub, oslo = again["hub"], again["oslo"]
    package = read_package(oslo.home / "a.obsprofile")
    tables = {name: package.table(name) for name in ("profile", "outcomes", "hours")}
    forged = {
        "unsigned": (package.header, None, "is not signed"),
        "stranger": (package.header, Signer.new(), "not signed by the key of oslo"),
        "unknown": ({**package.header, "site": "rome"}, Signer.new(), "which the monitor does not know"),
        "other": ({**package.header, "model": "churn"}, Signer.new(), "is of the model 'churn'"),
    }
    for name, (header, signer, why) in forged.items():
        file = tmp_path / f"{name}.obsprofile"
        write_package(file, header, tables, signer)
        with hub.environment(), pytest.raises(ObsError, match=why):
            check_package(read_package(file), hub.monitor)
        shutil.copy(file, hub.home / "sent")
    # signed, and changed since
    file = tmp_path / "changed.obsprofile"
    changed_member(oslo.home / "a.obsprofile", file, "header.json", b'"rows": ', b'"rows":  ')
    with hub.environment(), pytest.raises(ObsError, match="or was changed since"):
        check_package(read_package(file), hub.monitor)
    with hub.environment():
        inbox = Inbox.of(hub.monitor)
    assert len(inbox.refused) == len(forged)
    assert len(inbox.taken) == len(world.SITES)


def test_a_table_that_is_not_the_signed_one_is_refused(sent, tmp_path):
    file = tmp_path / "table.obsprofile"
    source = sent["oslo"].home / "a.obsprofile"
    changed_member(source, file, "profile.parquet", b"PAR1", b"PAR2")
    with pytest.raises(ObsError, match="not the one that the header is about"):
        read_package(file).table("profile")


def changed_member(source, target, name, old, new):
    with zipfile.ZipFile(source) as read, zipfile.ZipFile(target, "w") as written:
        for member in read.namelist():
            content = read.read(member)
            written.writestr(member, content.replace(old, new, 1) if member == name else content)


def test_counts_by_other_rules_or_on_other_grids_are_refused(again):
    hub, oslo = again["hub"], again["oslo"]
    text = oslo.monitor_file.read_text()
    place_of(oslo.home, text.replace("{type: number, min: 0}", "{type: number, min: 1}"))
    with pytest.raises(ObsError, match="differs from this one in features"):
        send(oslo, hub, name="c")
    place_of(oslo.home, text)
    grids = load_grids(oslo.monitor, oslo.lake)
    other = Grids(grids.columns | {"hour": AsinhGrid(centre=3.0, scale=1.0)})
    with pytest.raises(ObsError, match=r"on other grids \(columns hour"):
        check_grids(read_package(oslo.home / "a.obsprofile"), other)


def test_small_counts_stay_at_the_site(again):
    hub, lyon, least = again["hub"], again["lyon"], 12
    text = lyon.monitor_file.read_text().replace("{site: lyon,", f"{{site: lyon, min_cell: {least},")
    place_of(lyon.home, text)
    whole = by_subject(hub)
    told = send(lyon, hub, now=NOW + dt.timedelta(days=1), name="small").told
    assert any("segment cells" in each for each in told)
    package = read_package(lyon.home / "small.obsprofile")
    for name, kinds in (("profile", {"moments"}), ("outcomes", set())):
        for row in package.table(name).to_pylist():
            assert row.get("kind") in kinds or row["n"] >= least, row
    assert package.table("hours") is None
    assert package.header["privacy"] == {"min_cell": least}
    run(hub, world.FIRST, world.LAST)
    found = by_subject(hub)
    # numbers of rows are what they were, and a distribution is off by the rows of a group at most
    for key, (value, *_) in found.items():
        if key[3] == "volume" and key[1] in ("*", "site=lyon"):
            assert value == whole[key][0]
        if key[3] == "ks" and key[1] == "*" and key[5] == 1 and value is not None:
            assert abs(value - whole[key][0]) <= whole[key][4] + found[key][4] + 4 * 3 * least / found[key][3]


def obs(place, capsys, *arguments):
    """Exit code, output and messages of a command, in this process."""
    with place.environment(), pytest.raises(SystemExit) as ended:
        main([*arguments])
    told = capsys.readouterr()
    return ended.value.code or 0, told.out, told.err


def test_commands_lead_from_a_key_to_what_counts(again, capsys, tmp_path):
    hub, oslo = again["hub"], again["oslo"]
    code, key, told = obs(oslo, capsys, "profile", "key", "--out", str(tmp_path / "new.pem"))
    assert (code, len(key.strip())) == (0, 44)
    assert "Made a private key" in told
    assert (tmp_path / "new.pem").stat().st_mode & 0o777 == 0o600
    # it is the same one when asked again
    assert obs(oslo, capsys, "profile", "key", "--out", str(tmp_path / "new.pem"))[1] == key

    file = tmp_path / "sent.obsprofile"
    days = ("--from", str(world.FIRST), "--to", str(world.LAST + dt.timedelta(days=1)))
    code, _, told = obs(oslo, capsys, "profile", "export", "fraud", *days, "--out", str(file))
    assert code == 0
    assert "signed by" in told
    assert "No night: 1 day" in told

    stranger = tmp_path / "stranger.obsprofile"
    package = read_package(file)
    write_package(stranger, package.header, {"profile": package.table("profile")}, Signer.new())
    code, _, told = obs(hub, capsys, "profile", "import", str(stranger), str(file))
    assert code == 1
    assert "Refused: stranger.obsprofile is not signed by the key of oslo" in told
    assert "oslo: 3 days" in told
    code, _, told = obs(hub, capsys, "profile", "import", str(file))
    assert code == 0
    assert "there already" in told
    code, _, told = obs(oslo, capsys, "profile", "import", str(file))
    assert code == 1
    assert "is of rows, so profiles of sites have no place in it" in told

    code, listed, _ = obs(hub, capsys, "profile", "list", "fraud", "--format", "json")
    assert code == 0
    newest = [each for each in json.loads(listed) if each["site"] == "oslo"]
    assert {each["made_at"] for each in newest} == {package.header["made_at"]}
    assert all(each["signed"] for each in newest)

    code, _, told = obs(oslo, capsys, "profile", "grids", "fraud", "--out", str(tmp_path / "grids.json"))
    assert code == 0
    code, _, told = obs(hub, capsys, "profile", "grids", "fraud", "--adopt", str(tmp_path / "grids.json"))
    assert (code, "counts" in told) == (0, True)


def test_other_grids_are_not_adopted_where_days_are_counted(again, tmp_path):
    oslo = again["oslo"]
    grids = write_grids(oslo.monitor, oslo.lake, tmp_path / "grids.json")
    other = Grids(grids.columns | {"hour": AsinhGrid(centre=3.0, scale=1.0)})
    text = json.loads((tmp_path / "grids.json").read_text())
    (tmp_path / "changed.json").write_text(json.dumps(text | {"grids": other.to_json()}))
    (tmp_path / "other.json").write_text(json.dumps(text | {"grids": other.to_json(), "id": other.id}))
    for name, told in (("changed", "was changed"), ("other", "3 days of fraud"), ("none", "cannot be read")):
        with pytest.raises(ObsError, match=told):
            adopt_grids(oslo.monitor, oslo.lake, tmp_path / f"{name}.json")


def test_counts_with_noise_make_nights_that_say_so(sent, tmp_path):
    """With little noise the numbers are near those of exact counts, and pages say what they are."""
    home = tmp_path / "noisy"
    keys = "".join(f"    {site}: {{}}\n" for site in world.SITES)
    hub = place_of(
        home, world.monitor(home, f"federation:\n  unsigned: accept\n  sites:\n{keys}", rows=False)
    )
    (home / "sent").mkdir()
    write_grids(sent["hub"].monitor, sent["hub"].lake, tmp_path / "grids.json")
    adopt_grids(hub.monitor, hub.lake, tmp_path / "grids.json")
    exact = {}
    for site in world.SITES:
        place, file = sent[site], tmp_path / f"{site}.obsprofile"
        last = world.LAST if site != "oslo" else world.LAST - dt.timedelta(days=1)
        with place.environment():
            export_days(place.monitor, (world.FIRST, last), place.lake, file, NOW, epsilon=90)
        with hub.environment():
            put_in(read_package(file), hub.monitor)
        exact[site] = read_package(file).header["privacy"]["within_95"]
    assert set(exact.values()) == {0}
    run(hub)
    found, before = by_subject(hub), by_subject(sent["hub"])
    middle = world.FIRST + dt.timedelta(days=1)
    for metric in ("volume", "recall", "precision", "missing_share"):
        keys = [key for key in found if key[3:] == (metric, middle, 1) and key[1] in ("*", "site=oslo")]
        assert keys, metric
        for key in keys:
            if before[key][0] is not None:
                assert found[key][0] == pytest.approx(before[key][0], abs=0.02), key
    cells = {key[1] for key in found if key[3] == "recall"}
    assert cells == {"*", *(f"site={site}" for site in world.SITES)}
    [page, *_] = [
        text
        for file in home.rglob("health.html")
        if f"fraud · {world.LAST}" in (text := file.read_text(encoding="utf-8"))
    ]
    for told in (
        "oslo sent nothing of this day that is taken; its numbers are of berlin, lyon",
        "have noise of differential privacy: values are approximate",
        "Objectives are not measured of berlin, lyon",
        "How country moved is not known",
    ):
        assert told in page
