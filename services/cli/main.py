"""The commands of `kulvert`, each in a file of its own, loaded where it is typed: to load all takes twice as long."""

from collections import UserDict
from importlib import import_module
from types import ModuleType
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

ALONE = {
    "demo": "demo",
    "up": "stack",
    "down": "stack",
    "status": "stack",
    "addresses": "addresses",
    "doctor": "doctor",
    "login": "login",
    "rebuild": "rebuild",
    "replay": "replay",
    "restored": "restored",
    "simulate": "simulate",
    "subscription-power": "subscription_power",
    "work-list": "work_list",
    "watch": "watch",
}
"""Commands by the file whose function of that name they are."""

GROUPS = {
    "import": "imports",
    "show": "show",
    "invoices": "invoices",
    "power-runs": "power_runs",
    "explain": "explain",
    "edit": "edit",
    "estimate": "estimate",
    "tariffs": "tariffs",
    "price-lists": "price_lists",
}
"""Commands that have commands of their own, by their file."""


class Commands(UserDict[str, Any]):
    """Every command by its name, in the order in which help shows them: loaded where it is asked for."""

    def __getitem__(self, name: str) -> Any:
        """Load a command. Raises KeyError where none has that name."""
        file = import_module(f"services.cli.{self.data[name]}")
        command = get_group(file.app) if name in GROUPS else get_command(_alone(file, name))
        command.name = name
        return command


class Kulvert(TyperGroup):
    """The group of all commands."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = Commands(ALONE | GROUPS)


def _alone(file: ModuleType, name: str) -> typer.Typer:
    holder = typer.Typer(add_completion=False)
    holder.command()(getattr(file, name.replace("-", "_")))
    return holder


app = typer.Typer(
    name="kulvert",
    cls=Kulvert,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # They would print passwords.
)


@app.callback()
def kulvert() -> None:
    """Kulvert on this machine: start it, look at it, use it."""
