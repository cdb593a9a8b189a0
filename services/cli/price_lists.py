"""`kulvert price-lists`: check files of price lists, put them, show what is there; and those that come with Kulvert."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

import httpx
import typer
from pydantic import ValidationError
from rich.console import Console

from deploy.local.folder import ROOT, StackError
from deploy.local.services import CONTRACTS
from deploy.local.stack import Stack
from schemas.price_list_terms import PriceListTerms
from schemas.price_lists import PriceList
from services.cli import arguments
from services.cli.edit import CauseOption, WhoOption
from services.cli.explain import section
from services.cli.price_list_files import UnreadableFileError, read
from services.cli.requests import Client, RequestError, told_to_person
from services.cli.tables import Heading
from services.common.problems import faults_of
from services.contracts.core.price_list_documents import as_written, period_fault, price_list
from services.contracts.core.price_list_rules import Fault, faults
from services.contracts.core.refusals import FaultyPriceListError

MOVED = (
    Heading("Contract", is_text=True),
    Heading("To price list", is_text=True),
    Heading("A year now, kr"),
    Heading("A year then, kr"),
)
EFFECTS = (
    Heading("Contract", is_text=True),
    Heading("Facility", is_text=True, may_wrap=True, may_go=True),
    Heading("Before, kr"),
    Heading("After, kr"),
    Heading("Beyond, kr"),
    Heading("Beyond"),
)
LEFT_OUT = {
    "energy_unknown": "whose energy of some month is not known",
    "power_unknown": "without a power in force",
    "efficiency_unknown": "whose flow or return temperature of some month, or the network's, is not known",
    "cost_nothing": "who cost nothing before",
}
"""Why contracts are left out of an effect, in words."""
LONGEST_S = 600
"""What concerns every contract takes minutes where there are a hundred thousand."""
MOST_VERSIONS = 1_000_000
_version = arguments.whole(1, MOST_VERSIONS)
_year = arguments.whole(arguments.FIRST_YEAR, arguments.LAST_YEAR)
REFUSED = httpx.codes.UNPROCESSABLE_ENTITY
FOLDER = ROOT / "services/contracts/price_lists"
HEADINGS = (
    Heading("Price list", is_text=True),
    Heading("Version"),
    Heading("Name", is_text=True, may_wrap=True),
    Heading("From", is_text=True),
    Heading("To", is_text=True),
    Heading("Status", is_text=True),
    Heading("Bands"),
)
FilesArgument = Annotated[list[Path], typer.Argument(metavar="FILE...", help="JSON or YAML, in short or as tariffs")]

app = typer.Typer(help="Check price lists in files, put them, show what is there.", no_args_is_help=True)


@app.command()
def check(files: FilesArgument) -> None:
    """Say what is wrong with price lists in files, field by field; nothing is put."""
    with told_to_person():
        told = {path: _read(read_file(path)).faults for path in files}
    for path, wrong in told.items():
        typer.echo(f"{path}: {'nothing is wrong with it' if not wrong else f'{len(wrong)} faults'}")
        for line in wrong:
            typer.echo(f"  {line}")
    if any(told.values()):
        raise typer.Exit(1)


@app.command()
def put(
    price_list_id: Annotated[str, typer.Argument(metavar="ID", help="whose versions these are, such as bas")],
    files: FilesArgument,
) -> None:
    """Put price lists in files as versions of one, in the order given; what is there already changes nothing.

    All are checked first, so that where one is refused none is taken.
    """
    with told_to_person(), Client(Stack(), CONTRACTS) as contracts:
        documents = {path: read_file(path) for path in files}
        _refuse_faulty(documents, _stored(contracts, price_list_id))
        for path, document in documents.items():
            answer = contracts.ask("PUT", _path(price_list_id), json=document, answers=[REFUSED])
            found = answer.json()
            if answer.is_error:
                raise RequestError("\n".join([f"{path} was not taken:", *_told(found["errors"])]))
            typer.echo(f"{path}: {found['result']}, version {found['version']} of {price_list_id}")
            for one in found["options_without_price"]:
                typer.echo(f"{path}: {_without_price(one, found['version'])}", err=True)


@app.command("list")
def list_() -> None:
    """List every version of every price list."""
    with told_to_person(), Client(Stack(), CONTRACTS) as contracts:
        names = contracts.ask("GET", "/v1/price-lists").json()["price_lists"]
        rows = [_row(name, one) for name in names for one in contracts.ask("GET", _path(name)).json()["versions"]]
    section(Console(), "Price lists", HEADINGS, rows)
    if not rows:
        typer.echo("no price list is stored")


@app.command()
def effect(
    price_list_id: Annotated[str, typer.Argument(metavar="ID", help="the price list")],
    before: Annotated[int, typer.Option(metavar="VERSION", parser=_version, help="the version that is held against")],
    after: Annotated[int, typer.Option(metavar="VERSION", parser=_version, help="the version that is asked about")],
    year: Annotated[int, typer.Option(metavar="YEAR", parser=_year, help="whose usage counts, such as 2025")],
) -> None:
    """Say what a version does to each customer on a price list and to all, the general rise taken out."""
    asked = {"before": before, "after": after, "year": year}
    with told_to_person(), Client(Stack(), CONTRACTS, timeout_s=LONGEST_S) as contracts:
        found = contracts.ask("GET", f"{_path(price_list_id)}/effect", params=asked).json()
    beyond = found["beyond_the_general"]
    typer.echo(
        f"{found['contracts']} contracts, {found['before_kr']:,.2f} kr before and {found['after_kr']:,.2f} kr after:"
        f" {found['general_percent']:+.2f} % in all; {found['left_out']} left out"
        + "".join(f", {count} {LEFT_OUT[reason]}" for reason, count in found["left_out_for"].items())
    )
    typer.echo(
        f"beyond that: {beyond['mean_percent']:+.2f} % on average, spread {beyond['spread_percent']:.2f} %; "
        + ", ".join(f"{share} % of them below {value:+.2f} %" for share, value in beyond["percentiles"].items())
    )
    for title in ("gain_most", "lose_most"):
        rows = [
            (
                one["contract_number"],
                one["facility"],
                *(f"{one[name]:,.2f}" for name in ("before_kr", "after_kr")),
                f"{one['beyond_kr']:+,.2f}",
                f"{one['beyond_percent']:+.2f} %",
            )
            for one in beyond[title]
        ]
        section(Console(), title.replace("_", " ").capitalize(), EFFECTS, rows)


@app.command()
def withdraw(
    price_list_id: Annotated[str, typer.Argument(metavar="ID", help="the price list that goes")],
    on: Annotated[date, typer.Option(metavar="DAY", parser=arguments.day, help="the first day without it")],
    replaced_by: Annotated[
        list[str],
        typer.Option(metavar="ID", help="what takes its place; of several the first that a facility may choose"),
    ],
    cause: CauseOption,
    who: WhoOption,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say which contracts would move, and where")] = False,
) -> None:
    """Let a price list go: every contract on it moves to another one on that day, and its customer is told."""
    asked = {"withdrawn_on": on.isoformat(), "replaced_by": replaced_by, "cause": cause, "who": who, "dry_run": dry_run}
    with told_to_person(), Client(Stack(), CONTRACTS, timeout_s=LONGEST_S) as contracts:
        found = contracts.ask("PUT", f"{_path(price_list_id)}/withdrawal", json=asked).json()
    rows = [(one["contract_number"], one["replaced_by"], *_both_years(one)) for one in found["contracts"]]
    section(Console(), "Would move" if dry_run else "Moved", MOVED, rows)
    typer.echo(f"{len(rows)} contracts; {found['result'].replace('_', ' ')}")


def put_shipped(contracts: Client, name: str) -> None:
    """Put a shipped price list, oldest version first, where there is none of that name. Raises RequestError."""
    if name in contracts.ask("GET", "/v1/price-lists").json()["price_lists"]:
        return
    for file in sorted(FOLDER.glob(f"{name}-*")):
        contracts.ask("PUT", _path(name), json=read_file(file))


def read_file(path: Path) -> dict[str, Any]:
    """Read a price list's file. Raises StackError."""
    try:
        return read(path)
    except UnreadableFileError as error:
        raise StackError(str(error)) from error


class _Read(NamedTuple):
    """A price list as its file says it; None where it cannot be read. faults: what is wrong with it, line by line."""

    terms: PriceListTerms | None
    faults: list[str]


def _read(document: dict[str, Any], known: Sequence[PriceListTerms] = ()) -> _Read:
    """Read a price list that is to follow those that are known."""
    try:
        terms = price_list(document)
    except ValidationError as error:
        return _Read(None, _told(faults_of(error.errors())))
    except FaultyPriceListError as error:
        return _Read(None, _lines(error.faults))
    found = [*faults(terms), *filter(None, [period_fault(known, terms)])]
    return _Read(terms, _lines(as_written(document, found)))


def _lines(found: Sequence[Fault]) -> list[str]:
    return [f"{one.where}: {one.what}" for one in found]


def _stored(contracts: Client, price_list_id: str) -> list[PriceListTerms]:
    answer = contracts.ask("GET", _path(price_list_id), answers=[httpx.codes.NOT_FOUND])
    return [] if answer.is_error else [PriceList.model_validate(one) for one in answer.json()["versions"]]


def _refuse_faulty(documents: Mapping[Path, dict[str, Any]], known: list[PriceListTerms]) -> None:
    """Raise RequestError where one of several versions would be refused, each after those before it."""
    told: list[str] = []
    for path, document in documents.items():
        read_list = _read(document, known)
        if read_list.terms is not None:
            known = [*known, read_list.terms]
        if read_list.faults:
            told += [f"{path} cannot be taken, and nothing was put:", *read_list.faults]
    if told:
        raise RequestError("\n".join(told))


def _told(errors: list[dict[str, Any]]) -> list[str]:
    return [f"{one['field']}: {one['reason']}" for one in errors]


def _without_price(one: dict[str, Any], version: int) -> str:
    """Warn of an option that contracts have and a version does not offer."""
    count, shown = one["contracts"], one["for_example"]
    more = f" and {count - len(shown)} more" if count > len(shown) else ""
    return (
        f"warning: version {version} does not offer the option '{one['reference']}', which"
        f" {count} {'contract has' if count == 1 else 'contracts have'}: {', '.join(shown)}{more}."
        " Their months by it are held, not billed. Put a version that offers the option, or end it on these contracts"
        " on the day that the version begins"
    )


def _path(price_list_id: str) -> str:
    return f"/v1/price-lists/{quote(price_list_id, safe='')}"


def _both_years(contract: dict[str, Any]) -> tuple[str, str]:
    """Give a normal year including VAT by both price lists; of a contract that lacks something for that, what."""
    costs = contract["costs"]
    if costs is None:
        return f"({contract['lacks']})", ""
    today, proposed = (f"{float(costs[side]['total_kr']):,.2f}" for side in ("today", "proposed"))
    return today, proposed


def _row(name: str, one: dict[str, Any]) -> tuple[str, ...]:
    period, extension = one["tariffs"][0]["validPeriod"], one["extension"]
    days = period["fromIncluding"], period["toExcluding"]
    return name, str(one["version"]), extension["name"], *days, extension["status"], str(len(one["tariffs"]))
