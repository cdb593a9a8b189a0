"""`kulvert restored` is said once PostgreSQL was put back from a backup, while nothing runs."""

import asyncio

import typer

from deploy.local import supervisor
from deploy.local.folder import StackError
from deploy.local.stack import Stack
from deploy.places import ServicesRunError
from deploy.restored import restored as begin_epoch
from services.cli.requests import told_to_person

NEXT = (
    "Next: start everything with `kulvert up`; the services take again what Kafka has. Then put again what is named"
    " above. docs/operating.md says what neither Kafka nor the backup has."
)


def restored() -> None:
    """Say that PostgreSQL was put back from a backup, while nothing runs: versions go on above those before."""
    stack = Stack()
    with told_to_person():
        if not stack.processes:
            raise StackError("nothing was started here yet; start everything with: kulvert up")
        with supervisor.only_supervisor_of(stack):
            supervisor.end_services(stack)
            stack.start(was_put_back=True)
            try:
                asyncio.run(begin_epoch(stack.admin_dsn, stack.kafka.bootstrap, typer.echo))
            except ServicesRunError as error:
                raise StackError(str(error)) from error
            finally:
                supervisor.end_all(stack)
        typer.echo(NEXT)
