"""`kulvert tariffs`: another utility's price lists from its tariff API, and who may ask ours for facilities'."""

import re
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import typer
from rich.console import Console

from deploy.local.services import CONTRACTS
from deploy.local.stack import Stack
from schemas.price_list_terms import Band, PowerMethod, PriceListTerms
from schemas.tariffs import Tariff
from schemas.values import KEY_PATTERN, KEY_WORDS
from services.cli import arguments, tariff_import, tariff_servers
from services.cli.explain import section
from services.cli.requests import Client, told_to_person
from services.cli.tables import Heading
from services.cli.tariff_servers import KNOWN_VERSION, Offer
from services.common.problems import written
from services.contracts.core.price_list_rules import faults

app = typer.Typer(help="Read another utility's tariff API; see to who may ask ours.", no_args_is_help=True)

OFFERED = [
    Heading("Product", is_text=True),
    Heading("From", is_text=True),
    Heading("Up to", is_text=True),
    Heading("Prices of", is_text=True, may_wrap=True),
    Heading("Name", is_text=True, may_wrap=True),
]
CLIENTS = [
    Heading("Client", is_text=True),
    Heading("Name", is_text=True, may_wrap=True),
    Heading("Facilities", is_text=True, may_wrap=True),
]


def address(text: str) -> str:
    """Read the address of a tariff API, with or without /tariffs behind it. Raises BadParameter."""
    try:
        found = httpx.URL(text)
    except httpx.InvalidURL:
        found = httpx.URL("")
    if found.scheme not in ("http", "https") or not found.host or found.query or found.fragment:
        raise typer.BadParameter("write the API's address, as in https://api.varme.example/tariff-api")
    return text.rstrip("/").removesuffix("/tariffs").removesuffix("/info")


def key(text: str) -> str:
    """Read a number or code of ours. Raises BadParameter."""
    if not re.fullmatch(KEY_PATTERN, text):
        raise typer.BadParameter(KEY_WORDS)
    return text


@app.command("import")
def import_(
    url: Annotated[str, typer.Argument(metavar="URL", parser=address, help="the other utility's tariff API")],
    product: Annotated[
        list[str] | None, typer.Option(metavar="PRODUCT", help="only this product; may be given several times")
    ] = None,
    price_list: Annotated[
        str | None,
        typer.Option("--as", metavar="ID", parser=key, help="make a price list of it, a draft with this id"),
    ] = None,
    band: Annotated[
        list[Band] | None,
        typer.Option(
            metavar="PRODUCT=FROM-TO",
            parser=tariff_import.band,
            help="the kW that a product is for; one for each band of the price list",
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="what to call the price list")] = None,
    power_method: Annotated[
        PowerMethod | None,
        typer.Option(
            metavar="METHOD", parser=arguments.one_of(PowerMethod), help="how its power is measured, such as goteborg"
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(metavar="TOKEN", envvar=tariff_servers.TOKEN_VARIABLE, help="for a server that wants one"),
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be put, and put nothing")] = False,
) -> None:
    """Show what tariffs URL gives and, with --as, put them as a draft, which nobody is billed by."""
    with told_to_person():
        offer = tariff_servers.read(url, token)
        _show(offer, product or [])
        if price_list is None:
            return
        wanted = tariff_import.Wanted(product or [], band or [], name, power_method)
        versions = tariff_import.price_lists(offer, wanted)
        if dry_run:
            _tell_faults(price_list, versions)
            return
        with Client(Stack(), CONTRACTS) as contracts:
            for terms in versions:
                document = terms.model_dump(mode="json")
                put = contracts.ask("PUT", f"/v1/price-lists/{quote(price_list)}", json=document).json()
                typer.echo(f"{_told(price_list, terms)}: {put['result']}, version {put['version']}")


def _show(offer: Offer, products: Sequence[str]) -> None:
    if not offer.tariffs and not offer.unreadable:
        typer.echo("it gives no tariffs")
    shown = [one for one in offer.tariffs if not products or one.product in products]
    section(
        Console(), f"Tariffs of {offer.operator or 'an operator without a name'}", OFFERED, [_row(one) for one in shown]
    )
    for one in offer.unreadable:
        typer.echo(f"cannot be read: {one.product}: {'; '.join(one.why[:5])}", err=True)
    if not offer.version.startswith(KNOWN_VERSION):
        typer.echo(f"it says that it follows version {offer.version or '?'}; it is read as {KNOWN_VERSION}0", err=True)


def _row(tariff: Tariff) -> tuple[str, str, str, str, str]:
    components = {
        "fixed": tariff.fixed_price.components,
        "energy": tariff.energy_price.components,
        "power": tariff.power_price.components,
        "efficiency": tariff.efficiency_price.components,
    }
    priced = [word for word, found in components.items() if found]
    period = tariff.valid_period
    # Another's words must not move the cursor here.
    product, name = written(tariff.product, 200), written(tariff.name, 200)
    return product, str(period.from_including), str(period.to_excluding), ", ".join(priced), name


def _told(price_list: str, terms: PriceListTerms) -> str:
    period = terms.valid_period
    return f"{price_list}, draft from {period.from_including} up to {period.to_excluding}, {len(terms.tariffs)} band(s)"


def _tell_faults(price_list: str, versions: Sequence[PriceListTerms]) -> None:
    found = [fault for terms in versions for fault in faults(terms)]
    for terms in versions:
        typer.echo(f"would be put: {_told(price_list, terms)}")
    for fault in found:
        typer.echo(f"would be refused: {fault.where}: {fault.what}", err=True)
    if found:
        raise typer.Exit(1)


@app.command("add-client")
def add_client(
    client: Annotated[str, typer.Argument(metavar="CLIENT", parser=key, help="what to call the program")],
    name: Annotated[str, typer.Option(metavar="NAME", help="whose program it is")],
    facility: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="a facility that it may ask for; may be given several times"),
    ] = None,
) -> None:
    """Let a program ask for the tariffs of facilities, and for no others; a new one's secret is shown this once."""
    document: dict[str, Any] = {"name": name, "facilities": facility or []}
    with told_to_person(), Client(Stack(), CONTRACTS) as contracts:
        put = contracts.ask("PUT", f"/v1/tariff-clients/{quote(client)}", json=document).json()
    typer.echo(f"{client}: {put['result']}")
    if "secret" in put:
        typer.echo(f"its secret, shown this once: {put['secret']}")


@app.command("new-secret")
def new_secret(
    client: Annotated[str, typer.Argument(metavar="CLIENT", parser=key, help="the program")],
) -> None:
    """Give a program a new secret; the one before is refused from now on."""
    with told_to_person(), Client(Stack(), CONTRACTS) as contracts:
        made = contracts.ask("POST", f"/v1/tariff-clients/{quote(client)}/secret").json()
    typer.echo(f"its secret, shown this once: {made['secret']}")


@app.command("remove-client")
def remove_client(
    client: Annotated[str, typer.Argument(metavar="CLIENT", parser=key, help="the program")],
) -> None:
    """Let a program ask no more."""
    with told_to_person(), Client(Stack(), CONTRACTS) as contracts:
        contracts.ask("DELETE", f"/v1/tariff-clients/{quote(client)}")
    typer.echo(f"{client}: removed")


@app.command()
def clients() -> None:
    """List the programs that may ask for facilities' tariffs."""
    with told_to_person(), Client(Stack(), CONTRACTS) as contracts:
        known = contracts.ask("GET", "/v1/tariff-clients").json()["tariff_clients"]
    rows = [(one["client_id"], one["name"], ", ".join(one["facilities"])) for one in known]
    section(Console(), "Who may ask for tariffs", CLIENTS, rows)
