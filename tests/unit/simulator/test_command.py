"""`kulvert simulate` as a person types it, as far as it needs no stack."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli.main import app

PERIOD = ("--from", "2024-01-01", "--to", "2024-01-04")


def simulate(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["simulate", "--buildings", "3", *arguments], env={"COLUMNS": "200"})


def test_a_town_in_a_folder_is_shown_with_its_flaws(tmp_path: Path) -> None:
    done = simulate(*PERIOD, "--to-folder", str(tmp_path), "--csv", "--flaws", "none,duplicate=0.05")
    assert done.exit_code == 0, done.output
    assert "flaws: duplicate" in done.output
    assert (tmp_path / "readings.csv").exists()
    assert len((tmp_path / "truth/flaws.jsonl").read_text().splitlines()) > 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (PERIOD, "say what to do with the town"),
        (("--from", "2024-01-01", "--post"), "say how long it lives"),
        (("--from", "2060-01-01", "--to", "2060-01-02", "--post"), "lies ahead"),
        (("--from", "2024-01-04", "--to", "2024-01-01", "--post"), "must be after its first day"),
        ((*PERIOD, "--post", "--csv"), "say where to write the CSV file"),
        ((*PERIOD, "--post", "--flaws", "none,gaps=1"), "there is no flaw 'gaps'"),
        (("--from", "1 January", "--post"), "write a day as in 2026-01-31"),
        (("--from", "2024-02-30", "--post"), "write a day as in 2026-01-31"),
        ((*PERIOD, "--post", "--seed", "-1"), "write a whole number from 0 to 999999"),
        ((*PERIOD, "--live", "--speed", "fast"), "write a number from 0.1 to 1000000"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(arguments: tuple[str, ...], words: str) -> None:
    done = simulate(*arguments)
    assert done.exit_code == 2
    assert words in " ".join(done.output.replace("│", " ").split())
