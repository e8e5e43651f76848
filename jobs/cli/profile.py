"""`obs profile`: counts of days between sites that keep their rows and those who put them together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.choice import Model, find_monitor
from jobs.cli.console import ERRORS, OUTPUT
from jobs.cli.days import LATEST, day_to_evaluate, option, require_days
from jobs.cli.failure import FAILED, UsageError
from jobs.cli.records import Format, FormatOption, emit
from obs_dagster.permissions import as_started

if TYPE_CHECKING:
    from obs_dagster.lake.lake import Lake

app = typer.Typer(
    no_args_is_help=True,
    help="Counts of days in the place of rows: sites export them, and they are put together elsewhere "
    "(docs/federated.md).",
)

_SENT = ["site", "day", "rows", "labels", "noise", "made_at", "signed", "file"]


@app.command("count")
def count(
    model: Model,
    first: Annotated[str, option("--from", "The first day")] = LATEST,
    last: Annotated[str, option("--to", "The last day")] = LATEST,
) -> None:
    """Count days without a night, for a machine that only sends; exit code 1 if one cannot be evaluated."""
    from obs_dagster.federation.counting import count_days
    from obs_dagster.quality.refusal import in_one_line

    monitor = find_monitor(model)
    begin, end = day_to_evaluate(monitor, first), day_to_evaluate(monitor, last)
    require_days(monitor, begin, end)
    days = [begin + dt.timedelta(days=number) for number in range((end - begin).days + 1)]
    refused = 0
    for day, found in count_days(monitor, days, _lake(), dt.datetime.now(dt.UTC)):
        told = f"{found.rows - found.quarantined:,} of {found.rows_read:,} rows counted"
        if not found.evaluated:
            refused += 1
            told = f"NOT COUNTED: {in_one_line(found.reason)}"
        _say(f"{day}: {told}")
    if refused:
        raise typer.Exit(FAILED)


@app.command("export")
def export(
    model: Model,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    first: Annotated[str, option("--from", "The first day")] = LATEST,
    last: Annotated[str, option("--to", "The last day")] = LATEST,
    epsilon: Annotated[
        float | None,
        typer.Option(help="Differential privacy of each day; left out: federation.epsilon. 0 for no noise."),
    ] = None,
) -> None:
    """Write what was counted of days to a file that another place takes in; rows stay here."""
    from obs_dagster.federation.exporting import export_days

    monitor = find_monitor(model)
    begin, end = day_to_evaluate(monitor, first), day_to_evaluate(monitor, last)
    require_days(monitor, begin, end)
    with as_started():
        now = dt.datetime.now(dt.UTC)
        found = export_days(monitor, (begin, end), _lake(), out, now, epsilon=epsilon)
    signed = f"signed by {found.signed_by}" if found.signed_by else "NOT SIGNED"
    _say(f"Wrote {_days(found.days)} with {found.rows:,} rows counted to {out}, {signed}.")
    for told in found.told:
        ERRORS.print(f"{told[0].upper()}{told[1:]}.", markup=False, highlight=False, soft_wrap=True)
    if found.spent:
        most = max(found.spent.values())
        days = [day for day, each in found.spent.items() if each == most]
        told = f"Sent of {days[0]}{' and others' if len(days) > 1 else ''} so far: an epsilon of {most:g}."
        ERRORS.print(told, markup=False, highlight=False, soft_wrap=True)
    if found.missing:
        ERRORS.print(f"No night: {_days(found.missing)}.", markup=False, highlight=False, soft_wrap=True)


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="Files that sites have exported.")],
    model: Annotated[str, typer.Option(help="Only files of this model; left out: each by its own.")] = "",
) -> None:
    """Check files of sites and put them where their nights find them; exit code 1 if one is refused."""
    from obs_dagster.baselines.stored import GRIDS, baseline_folder
    from obs_dagster.errors import ObsError
    from obs_dagster.lake.lake import read_json
    from obs_dagster.profile.grids.grid import Grids
    from obs_dagster.sites.inbox import check_grids, check_package, put_in
    from obs_dagster.sites.package import read_package
    from obs_dagster.sources.protocol import Counted, source_of

    refused = 0
    for file in files:
        try:
            package = read_package(file)
            monitor = find_monitor(model or str(package.header["model"]))
            if not isinstance(source_of(monitor.logs), Counted):
                raise UsageError(
                    f"The log of {monitor.model} is of rows, so profiles of sites have no place in it.",
                    remedy="Put them together in a monitor of `source: profiles` (docs/federated.md).",
                )
            check_package(package, monitor)
            document = read_json(baseline_folder(monitor, _lake()) / GRIDS)
            if document is not None:
                check_grids(package, Grids.from_json(document))
            target = put_in(package, monitor)
        except ObsError as error:
            refused += 1
            ERRORS.print(f"Refused: {error}", markup=False, highlight=False, soft_wrap=True)
            continue
        days = _days([dt.date.fromisoformat(day) for day in sorted(package.days)])
        _say(f"{package.site}: {days}, {f'in {target}' if target else 'there already'}.")
    if refused:
        raise typer.Exit(FAILED)


@app.command("list")
def list_sent(model: Model, chosen: FormatOption = Format.TABLE) -> None:
    """What sites have sent that counts, by day, and what is refused and why; exit code 1 if something is."""
    from obs_dagster.sites.inbox import Inbox
    from obs_dagster.sites.privacy import noise_in_words

    found = Inbox.of(find_monitor(model))
    records = [
        {
            "site": site,
            "day": str(day),
            "rows": package.days[str(day)]["rows"],
            "labels": package.days[str(day)]["labels"],
            "noise": noise_in_words(package.header.get("privacy", {})),
            "made_at": package.header["made_at"],
            "signed": bool(package.signature),
            "file": str(package.path),
        }
        for day, sites in found.days.items()
        for site, package in sites.items()
    ]
    emit(records, _SENT, chosen)
    for each in found.refused:
        ERRORS.print(f"Refused: {each.reason}", markup=False, highlight=False, soft_wrap=True)
    if found.refused:
        raise typer.Exit(FAILED)


@app.command("grids")
def grids(
    model: Model,
    out: Annotated[Path | None, typer.Option(help="Write the model's grids to this file.")] = None,
    adopt: Annotated[Path | None, typer.Option(help="Count on the grids of this file from now on.")] = None,
) -> None:
    """Agree on what is counted: write the grids of a model, or adopt those of another place."""
    from obs_dagster.federation.agreed_grids import adopt_grids, write_grids

    if (out is None) == (adopt is None):
        raise UsageError("Say what to do with the grids.", remedy="Add --out FILE, or --adopt FILE.")
    monitor = find_monitor(model)
    if adopt is not None:
        found = adopt_grids(monitor, _lake(), adopt)
        _say(f"{model} counts {len(found.columns)} columns on the grids {found.id}.")
    elif out is not None:
        with as_started():
            found = write_grids(monitor, _lake(), out)
        _say(f"Wrote the grids {found.id} of {len(found.columns)} columns to {out}.")


@app.command("key")
def key(
    out: Annotated[Path, typer.Option(help="The file of the private key; it is made if it is not there.")],
) -> None:
    """Print the public key of a site, for who takes its profiles in; make the private one if need be."""
    from obs_dagster.sites.signature import Signer

    if out.exists():
        signer = Signer.of(str(out.absolute()), Path.cwd())
    else:
        signer = Signer.new()
        out.parent.mkdir(parents=True, exist_ok=True)
        # nobody else may read it, not even for a moment
        out.touch(mode=0o600, exist_ok=False)
        out.write_bytes(signer.pem)
        ERRORS.print(f"Made a private key, {out}.", markup=False, highlight=False)
    OUTPUT.print(signer.public_key, markup=False, highlight=False, soft_wrap=True)


def _lake() -> Lake:
    from obs_dagster.lake.lake import Lake
    from obs_dagster.settings import Settings

    return Lake(Settings().lake_root)


def _days(days: Sequence[dt.date]) -> str:
    """Days in a few words."""
    from obs_dagster.verdict.wording import day_spans

    return f"{len(days)} day{'s' * (len(days) != 1)} ({', '.join(day_spans(days))})"


def _say(text: str) -> None:
    ERRORS.print(text, markup=False, highlight=False, soft_wrap=True)
