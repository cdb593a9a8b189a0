"""`kulvert login USER` gives a link that logs a person in once, on the local stack only."""

from typing import Annotated

import typer

from deploy.local.services import PERMISSIONS
from deploy.local.stack import Stack
from services.cli.requests import Client, RequestError, told_to_person


def login(user: Annotated[str, typer.Argument(help="user name or e-mail address of a person that is known")]) -> None:
    """Print a link that logs USER in once, within ten minutes."""
    stack = Stack()
    with told_to_person(), Client(stack, PERMISSIONS) as permissions:
        try:
            link = permissions.ask("POST", "/v1/login-links", json={"user": user}).json()["token"]
        except RequestError as error:
            if error.status != 404:
                raise
            raise RequestError(f"There is no person '{user}'; put one with PUT /v1/people/<user name>.") from error
    typer.echo(f"http://127.0.0.1:{stack.port('gateway_http')}/login?link={link}")
