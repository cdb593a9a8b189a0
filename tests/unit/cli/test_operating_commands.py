"""What docs/operating.md tells an operator to type can be typed: commands and options that there are."""

import re
import shlex
from typing import Any

import pytest
import typer

from deploy.local.folder import ROOT
from services.cli.main import app

TEXT = (ROOT / "docs/operating.md").read_text()
TYPED = sorted(set(re.findall(r"(?:^    \$ |`)(kulvert [a-z][^`\n]*)", TEXT, re.MULTILINE)))


@pytest.mark.parametrize("typed", TYPED)
def test_a_command_that_is_told_of_is_there_with_its_options(typed: str) -> None:
    words = shlex.split(typed)[1:]
    command: Any = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    assert not hasattr(command, "commands"), f"there is no command {words}"
    options = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options
