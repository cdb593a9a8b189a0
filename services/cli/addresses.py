"""`kulvert addresses` tells where the services answer and with which key, for curl and for scripts."""

import typer

from deploy.local.folder import StackError
from deploy.local.services import ALERTS, BILLING, CONTRACTS, GATEWAY, INGEST_API, PERMISSIONS
from deploy.local.stack import Stack
from services.cli.requests import told_to_person

NAMES = {
    "INGEST": INGEST_API,
    "CONTRACTS": CONTRACTS,
    "BILLING": BILLING,
    "ALERTS": ALERTS,
    "PERMISSIONS": PERMISSIONS,
    "PORTAL": GATEWAY,
}


def addresses() -> None:
    """Print each service's address and the staff systems' key for a shell: eval "$(kulvert addresses)"."""
    stack = Stack()
    with told_to_person():
        if not stack.processes:
            raise StackError("nothing was started here yet; start everything with: kulvert up")
        for name, service in NAMES.items():
            typer.echo(f"{name}=http://127.0.0.1:{stack.port(service.http)}")
        typer.echo(f"STAFF_KEY={stack.integration_key}")
