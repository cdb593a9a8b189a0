"""`kulvert login USER` gives a link that logs a person in once, on the local stack only."""

from typing import Annotated

import httpx
import typer

from deploy.local.stack import Stack

TIMEOUT_S = 10


def login(user: Annotated[str, typer.Argument(help="user name or e-mail address of a person that is known")]) -> None:
    """Print a link that logs USER in once, within ten minutes."""
    stack = Stack()
    try:
        answer = httpx.post(
            f"http://127.0.0.1:{stack.port('permissions_http')}/v1/login-links",
            json={"user": user},
            headers={"Authorization": f"Bearer {stack.integration_key}"},
            timeout=TIMEOUT_S,
        )
    except httpx.TransportError as error:
        typer.echo("The permissions service does not answer; start everything with: kulvert up", err=True)
        raise typer.Exit(1) from error
    if answer.status_code == 404:
        typer.echo(f"There is no person '{user}'; put one with PUT /v1/people/<user name>.", err=True)
        raise typer.Exit(1)
    answer.raise_for_status()
    typer.echo(f"http://127.0.0.1:{stack.port('gateway_http')}/login?link={answer.json()['token']}")
