"""`kulvert replay`: a delivery of telegrams read again."""

from typing import Annotated
from uuid import UUID

import typer

from deploy.local.services import INGEST_API
from deploy.local.stack import Stack
from services.cli.requests import Client, told_to_person


def replay(
    delivery_id: Annotated[UUID, typer.Argument(metavar="DELIVERY", help="its id, as an explanation names it")],
) -> None:
    """Read a delivery of telegrams again, by today's decoders and what is noted of its meters today.

    What differs becomes a new version, which counts before the old one; what is the same stays as it is.
    """
    with told_to_person(), Client(Stack(), INGEST_API) as ingest:
        ingest.ask("POST", f"/v1/deliveries/{delivery_id}/replay")
    typer.echo(f"delivery {delivery_id} is read again by the worker within seconds")
