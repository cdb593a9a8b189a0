"""Objects by file on the command line: the contracts service's own example, and what a bad file is answered with."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from deploy.local.folder import ROOT
from deploy.local.services import CONTRACTS, INGEST_API, ingest_worker
from deploy.local.stack import Stack
from services.common.bodies import MAX_BODY_BYTES
from tests.integration.kulvert_command import Kulvert
from tests.running import running

EXAMPLE = "\n".join(re.findall(r"```sh\n(.*?)```", (ROOT / "services/contracts/README.md").read_text(), re.DOTALL))
FILES = dict(re.findall(r"cat > (\S+) <<'END'\n(.*?)END\n", EXAMPLE, re.DOTALL))
PUT = re.findall(r"^put (\S+) (?:'(.*?)'|@(\S+))$", EXAMPLE, re.DOTALL | re.MULTILINE)
IMPORTED = re.findall(r"^kulvert (import .*)$", EXAMPLE, re.MULTILINE)
HEADER = "facility_number,name,address,category,network_id"
FACILITY = json.dumps({"name": "Villa", "address": "Väg 1", "category": "small_house", "network_id": "north"})


@pytest.fixture(scope="module")
def contracts(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("objects")
    with (
        running(stack, CONTRACTS, folder / "contracts.log") as client,
        running(stack, INGEST_API, folder / "ingest_api.log"),
        running(stack, ingest_worker(1), folder / "worker.log"),
    ):
        put(client, "networks/north", json.dumps({"name": "North"}))
        yield client


@pytest.fixture
def kulvert(stack: Stack, contracts: httpx.Client, tmp_path: Path) -> Kulvert:
    return Kulvert(stack, tmp_path)


def put(api: httpx.Client, path: str, body: str) -> str:
    answer = api.put(f"/v1/{path}", content=body, headers={"Content-Type": "application/json"})
    assert answer.is_success, answer.text
    return str(answer.json()["result"])


def objects(kulvert: Kulvert, *lines: str) -> Path:
    path = kulvert.folder / f"{uuid4().hex}.csv"
    path.write_text("\n".join(lines))
    return path


def test_the_example_of_the_contracts_service_puts_all_that_an_invoice_rests_on(
    kulvert: Kulvert, contracts: httpx.Client
) -> None:
    assert [path for path, _, _ in PUT] == ["networks/norr", "price-lists/bas", "price-lists/bas", "contracts/K-1001"]
    for path, document, file in PUT[:-1]:
        put(contracts, path, document or (ROOT / file).read_text())
    for name, text in FILES.items():
        (kulvert.folder / name).write_text(text)
    *imports, readings = [command.split() for command in IMPORTED]
    assert [kind for _, kind, _ in imports] == ["facilities", "metering-points", "customers", "contracts", "meters"]
    for command, kind, file in imports:
        told = kulvert.does(command, kind, kulvert.folder / file)
        assert f" 1  {kind.replace('-', ' ')} created" in told
        assert " 0  lines refused" in told
    assert put(contracts, *PUT[-1][:2]) == "changed"
    command, kind, file, *profile = readings
    assert "2  accepted" in kulvert.does(command, kind, kulvert.folder / file, *profile)
    days = kulvert.rows("days", "MP-1001")
    assert (days[0]["day"], days[-1]["day"], len(days)) == ("2026-01-01", "2026-01-31", 31)
    assert sum(int(day["energy_wh"]) for day in days) == 3_610_000 - 1_250_000


def test_good_lines_are_put_bad_ones_told_with_their_number_and_again_nothing_changes(
    kulvert: Kulvert, contracts: httpx.Client
) -> None:
    tag = uuid4().hex[:8]
    file = objects(
        kulvert,
        HEADER,
        f"{tag}-1,Villa Ek,Ekvägen 1,small_house,north",
        f"{tag}-2,Villa Al,Alvägen 1,castle,north",
        f"{tag}-3,Villa Ask,Askvägen 1,small_house,nowhere",
        f"{tag}-4,Villa Alm,Almvägen 1,small_house,north",
    )
    done = kulvert.run("import", "facilities", file)
    assert done.returncode == 1
    told = [line.strip() for line in done.stdout.splitlines()]
    assert told[:5] == [
        "4  lines",
        "2  facilities created",
        "0  facilities changed",
        "0  facilities unchanged",
        "2  lines refused",
    ]
    assert told[5].startswith("line 3, category: enum: write 'small_house', ")
    assert told[6].startswith("line 4: unknown_network: there is no network 'nowhere'; put the network first")
    again = kulvert.run("import", "facilities", file).stdout
    assert " 0  facilities created" in again
    assert " 2  facilities unchanged" in again
    assert contracts.get(f"/v1/facilities/{tag}-1").json()["name"] == "Villa Ek"


def padded(text: str) -> str:
    """As wide as some programs write their columns: the spaces are no part of the value."""
    return text + " " * 50_000


def test_a_file_larger_than_a_request_is_imported_whole_and_its_lines_keep_their_numbers(
    kulvert: Kulvert, contracts: httpx.Client
) -> None:
    tag = uuid4().hex[:8]
    lines = [HEADER, *(f"{tag}-{line},Villa,{padded('Väg')},small_house,north" for line in range(2, 302))]
    for line in (2, 150, 301):
        lines[line - 1] = lines[line - 1].replace("small_house", "castle")
    lines[199] = lines[199].replace("north", "nowhere")
    file = objects(kulvert, *lines)
    assert file.stat().st_size > MAX_BODY_BYTES
    done = kulvert.run("import", "facilities", file)
    assert done.returncode == 1
    told = [line.strip() for line in done.stdout.splitlines()]
    assert told[:5] == [
        "300  lines",
        "296  facilities created",
        "0  facilities changed",
        "0  facilities unchanged",
        "4  lines refused",
    ]
    assert [line.partition(":")[0] for line in told[5:]] == [
        "line 2, category",
        "line 150, category",
        "line 200",
        "line 301, category",
    ]
    assert contracts.get(f"/v1/facilities/{tag}-300").json()["address"] == "Väg"


def test_a_meter_whose_lines_stand_far_apart_in_a_large_file_is_put_with_all_of_them(
    kulvert: Kulvert, contracts: httpx.Client, stack: Stack
) -> None:
    tag = uuid4().hex[:8]
    put(contracts, f"facilities/{tag}", FACILITY)
    for point in (f"{tag}-1", f"{tag}-2"):
        put(contracts, f"metering-points/{point}", json.dumps({"facility_number": tag}))
    moved = [f"{tag}-M,{tag}-1,2025-01-01T00:00:00Z,2025-06-01T00:00:00Z", f"{tag}-M,{tag}-2,2025-06-01T00:00:00Z,"]
    # A meter a day until then, and two of which nobody knows when.
    days = [(datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=day)).isoformat() for day in range(301)]
    others = [f"{tag}-{day},{tag}-1,{padded(days[day])},{days[day + 1]}" for day in range(300)]
    for day in (0, 298):
        others[day] = others[day].replace(f",{days[day]}", ",whenever")
    file = objects(kulvert, "serial,metering_point,installed_at,removed_at", moved[0], *others, moved[1])
    assert file.stat().st_size > MAX_BODY_BYTES
    told = [line.strip() for line in kulvert.run("import", "meters", file).stdout.splitlines()]
    assert told[:2] == ["302  lines", "299  meters created"]
    assert [line.partition(":")[0] for line in told[4:]] == [
        "2  lines refused",
        "line 3, installed_at",
        "line 301, installed_at",
    ]
    address = f"http://127.0.0.1:{stack.port(INGEST_API.http)}/v1/meters/{tag}-M"
    meter = httpx.get(address, headers={"Authorization": f"Bearer {stack.integration_key}"}).json()
    assert [place["metering_point"] for place in meter["installations"]] == [f"{tag}-1", f"{tag}-2"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty, or its first line is; that is the header, which needs the columns facility_number, "),
        (b"facility_number,colour\n1,red\n", "missing: name, address, category, network_id, unknown: colour"),
        (f"{HEADER}\nF1,Villa Å".encode("latin-1"), "byte 58 is not UTF-8; save the file as UTF-8"),
    ],
)
def test_a_file_of_which_no_line_can_be_read_is_named_with_what_to_do(
    kulvert: Kulvert, content: bytes, words: str
) -> None:
    file = kulvert.folder / "facilities.csv"
    file.write_bytes(content)
    done = kulvert.run("import", "facilities", file)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{file}: ")
    assert words in done.stderr


def test_a_file_that_is_not_there_is_misuse(kulvert: Kulvert) -> None:
    done = kulvert.run("import", "customers", "no-such-file.csv")
    assert done.returncode == 2
    assert "does not exist" in done.stderr


@pytest.mark.parametrize(("kind", "column"), [("customers", "identity_number"), ("meters", "removed_at")])
def test_the_help_names_a_files_columns(kulvert: Kulvert, kind: str, column: str) -> None:
    assert column in kulvert.does("import", kind, "--help")


def test_without_the_services_a_person_is_told_how_to_start_them(tmp_path: Path) -> None:
    kulvert = Kulvert(Stack(tmp_path / "not-started"), tmp_path)
    done = kulvert.run("import", "customers", objects(kulvert, "customer_number,kind,name,address"))
    assert done.returncode == 1
    assert "the contracts service does not answer; start everything with: kulvert up" in done.stderr
