"""Each command's file is loaded where the command is typed, and no other's."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from services.cli.main import ALONE, GROUPS, app

OTHERS = """
import sys
from services.cli.main import Commands, ALONE, GROUPS
Commands(ALONE | GROUPS)["status"]
print([name for name in sys.modules if name in ("services.cli.imports", "services.cli.demo", "fastapi")])
"""


def test_a_command_loads_no_other_commands_file() -> None:
    told = subprocess.run([sys.executable, "-c", OTHERS], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


@pytest.mark.parametrize("name", [*ALONE, *GROUPS])
def test_every_command_is_there_under_its_name(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"], prog_name="kulvert")
    assert shown.exit_code == 0
    assert f"Usage: kulvert {name}" in shown.output


def test_a_mistyped_command_is_told_what_was_perhaps_meant() -> None:
    refused = CliRunner().invoke(app, ["statsu"], prog_name="kulvert")
    assert refused.exit_code == 2
    assert "Did you mean 'status'" in refused.output
