"""`kulvert price-lists check` and `put`: all that is wrong is said, and where anything is nothing is put."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local.stack import Stack
from tests.integration.contracts_house import BAS_2018, House, put, serving
from tests.integration.kulvert_command import Kulvert

TWICE = {"type": "volumePrice", "price_per_m3": "3", "months": [1, 1, 2]}


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(stack, tmp_path_factory.mktemp("contracts") / "log") as client:
        yield client


@pytest.fixture
def kulvert(stack: Stack, tmp_path: Path) -> Kulvert:
    return Kulvert(stack, tmp_path)


@pytest.fixture
def name() -> str:
    return f"files-{uuid4().hex[:8]}"


def file(kulvert: Kulvert, year: int, **more: Any) -> Path:
    days = {"valid_from": f"{year}-01-01", "valid_to": f"{year + 1}-01-01"}
    path = kulvert.folder / f"{year}.json"
    path.write_text(json.dumps(BAS_2018 | days | more), encoding="utf-8")
    return path


def stored(api: httpx.Client, name: str) -> int:
    answer = api.get(f"/v1/price-lists/{name}")
    return 0 if answer.status_code == 404 else len(answer.json()["versions"])


def test_a_month_that_is_named_twice_is_told_with_its_place(kulvert: Kulvert) -> None:
    done = kulvert.run("price-lists", "check", file(kulvert, 2024, components=[*BAS_2018["components"], TWICE]))
    assert done.returncode == 1
    place = len(BAS_2018["components"])
    assert f"components[{place}].months: names 1 twice; give each month once" in done.stdout


def test_where_one_file_is_faulty_none_is_put(kulvert: Kulvert, api: httpx.Client, name: str) -> None:
    faulty = file(kulvert, 2025, components=[*BAS_2018["components"], TWICE])
    done = kulvert.run("price-lists", "put", name, file(kulvert, 2024), faulty)
    assert done.returncode == 1
    assert "2025.json cannot be taken, and nothing was put" in done.stderr
    assert stored(api, name) == 0


def test_files_that_leave_days_between_are_refused_before_any_is_put(
    kulvert: Kulvert, api: httpx.Client, name: str
) -> None:
    done = kulvert.run("price-lists", "put", name, file(kulvert, 2024), file(kulvert, 2026))
    assert done.returncode == 1
    assert "valid_from: begins on 2026-01-01, and the version before counts until 2025-01-01" in done.stderr
    assert stored(api, name) == 0
    assert "created, version 1" in kulvert.does("price-lists", "put", name, file(kulvert, 2024))
    # Held against what is stored, too.
    assert kulvert.run("price-lists", "put", name, file(kulvert, 2026)).returncode == 1
    kulvert.does("price-lists", "put", name, file(kulvert, 2024), file(kulvert, 2025), file(kulvert, 2026))
    assert stored(api, name) == 3


def test_a_version_without_an_option_that_contracts_have_is_put_with_a_warning_of_what_to_do(
    kulvert: Kulvert, api: httpx.Client, name: str
) -> None:
    climate = {"reference": "climate", "name": "Klimatval", "per_mwh": "15"}
    told = kulvert.run("price-lists", "put", name, file(kulvert, 2024, options=[climate]))
    assert "warning" not in told.stderr
    houses = [House(api, f"{name}-{at:02}") for at in range(21)]
    for house in houses:
        terms, options = [{"valid_from": "2024-01-01", "price_list_id": name}], {"reference": "climate"}
        powers = [{"valid_from": "2024-01-01", "kw": "10"}]
        document = house.contract(terms=terms, powers=powers, options=[options | {"valid_from": "2024-01-01"}])
        assert put(api, f"/v1/contracts/K{house.number}", document).status_code == 201
    done = kulvert.run("price-lists", "put", name, file(kulvert, 2025))
    assert done.returncode == 0
    assert f"changed, version 2 of {name}" in done.stdout
    assert "version 2 does not offer the option 'climate', which 21 contracts have" in done.stderr
    assert f"K{houses[19].number} and 1 more." in done.stderr
    assert "Put a version that offers the option, or end it on these contracts" in done.stderr
