"""The `kulvert` command as a person runs it, on a run's own stack."""

import csv
import io
from contextlib import chdir
from pathlib import Path
from subprocess import CompletedProcess
from uuid import uuid4

from typer.testing import CliRunner

from deploy.local.folder import ROOT
from deploy.local.stack import Stack
from services.cli.main import app


class Kulvert:
    """The command, on this run's stack.

    It runs in the process of the test, since a process of its own loads longer than it works; test_supervisor.py has
    it as that.
    """

    def __init__(self, stack: Stack, folder: Path) -> None:
        stack.save()
        self.folder = folder
        self.environment = {"KULVERT_HOME": str(stack.home), "COLUMNS": "120"}

    def run(self, *arguments: object) -> CompletedProcess[str]:
        command = [str(argument) for argument in arguments]
        with chdir(ROOT):
            done = CliRunner().invoke(app, command, prog_name="kulvert", env=self.environment)
        if not isinstance(done.exception, SystemExit | None):
            raise done.exception
        return CompletedProcess(command, done.exit_code, done.stdout, done.stderr)

    def does(self, *arguments: object) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def rows(self, *arguments: object) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.does("show", *arguments, "--format", "csv"))))

    def file(self, *lines: str) -> Path:
        path = self.folder / f"{uuid4().hex}.csv"
        path.write_text("\n".join(["metering_point,read_at,energy_wh", *lines]))
        return path
