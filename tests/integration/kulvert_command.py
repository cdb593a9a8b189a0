"""The `kulvert` command as a person runs it, on a run's own stack."""

import csv
import io
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from deploy.local.folder import ROOT
from deploy.local.stack import Stack


class Kulvert:
    """The command, on this run's stack."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        stack.save()
        self.folder = folder
        self.environment = os.environ | {"KULVERT_HOME": str(stack.home), "COLUMNS": "120"}

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "services.cli", *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120)

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
