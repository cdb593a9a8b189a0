"""What a refused reading says is to be done about it can be done: by a command that there is."""

import re

import pytest
import typer

from services.cli.main import app
from services.ingest.core.verdict import FIRST_REFUSED, Verdict
from services.ingest.work_list import FIRST_OF_FORM

COMMAND = re.compile(r"kulvert ((?:import|edit) [a-z-]+)")
OF_STAFF = [verdict for verdict in Verdict if FIRST_REFUSED <= verdict < FIRST_OF_FORM]
BY_THE_SENDER = (Verdict.NOT_ALLOWED_FOR_SOURCE, Verdict.OLDER_THAN_KEPT)
"""Nothing that staff do about a single reading makes these count."""


def commands() -> set[str]:
    groups = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return {f"{group} {name}" for group in ("import", "edit") for name in groups[group].commands}


@pytest.mark.parametrize("verdict", [one for one in OF_STAFF if one not in BY_THE_SENDER], ids=lambda one: one.label)
def test_a_refusal_that_staff_can_mend_names_commands_that_there_are(verdict: Verdict) -> None:
    named = COMMAND.findall(verdict.why or "")
    assert named
    assert set(named) <= commands()
