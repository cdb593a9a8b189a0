"""The service's README names every answer that the service can give."""

import re
from pathlib import Path

import pytest

from services.ingest.core.refusals import Refusal
from services.ingest.core.verdict import Verdict

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "services/ingest/README.md").read_text()
SOURCES = [
    *sorted((ROOT / "services/ingest").rglob("*.py")),
    *(ROOT / f"services/common/{name}.py" for name in ("web", "bodies", "problems", "table_imports")),
]
CODES = re.compile(r"""(?:Problem\(\s*\d{3},|BadDeliveryError\(|away\()\s*"([a-z0-9_]+)\"""")
OURS_ALONE = {"internal_error"}
"""A fault of ours, not an answer to anybody's input."""


def codes() -> set[str]:
    return {code for path in SOURCES for code in CODES.findall(path.read_text())} - OURS_ALONE


def test_codes_are_found_at_all() -> None:
    assert {"key_missing", "bad_arrow", "broker_away", "body_too_large", "content_type"} <= codes()


@pytest.mark.parametrize("code", sorted({*codes(), *Refusal, *(verdict.label for verdict in Verdict)}))
def test_every_code_stands_in_the_readme(code: str) -> None:
    assert f"`{code}`" in README
