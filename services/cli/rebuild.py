"""`kulvert rebuild`: figures held against the readings that they follow from."""

import asyncio
from typing import Annotated

import typer

from deploy.local.folder import StackError
from deploy.local.stack import Stack
from services.cli.requests import told_of_database, told_to_person
from services.cli.show import zone
from services.common.one_zone import ZoneDiffersError
from services.ingest import rebuild_by_hand
from services.ingest.rebuild import FiguresDifferError
from services.ingest.rebuild_by_hand import UnknownPointsError


def rebuild(
    points: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="metering points by their numbers")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="every metering point")] = False,
    mend: Annotated[
        bool, typer.Option("--mend", help="store what follows from the readings, and tell others of it")
    ] = False,
) -> None:
    """Compute hours and days anew from nothing but their readings, and say where what is stored differs.

    Nothing is written without --mend. Ends with 1 where something differs.
    """
    with told_to_person(), told_of_database():
        if every == bool(points):
            raise StackError("name metering points, or say --all")
        url = Stack().dsn("ingest")
        try:
            asyncio.run(rebuild_by_hand.rebuild(url, zone(), None if every else points, typer.echo, mend=mend))
        except (FiguresDifferError, UnknownPointsError, ZoneDiffersError) as error:
            raise StackError(str(error)) from error
