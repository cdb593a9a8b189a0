"""The names that telegrams end in: each stands in the handbook of the service, once, and in the same words."""

from pathlib import Path

from services.ingest.sources import mbus_status
from services.ingest.sources.telegram_faults import FAULTS

README = Path(__file__).parents[4] / "services/ingest/README.md"


def section() -> str:
    return README.read_text().partition("\n## Telegrams\n")[2]


def test_every_refusal_has_a_name_of_its_own_that_the_readme_tells() -> None:
    codes = [fault.code for fault in FAULTS]
    assert len(set(codes)) == len(codes)
    assert [code for code in codes if f"`{code}`" not in section()] == []


def test_every_refusal_says_what_is_wrong() -> None:
    assert [fault.code for fault in FAULTS if len(fault.reason.split()) < 5] == []


def test_the_statuses_of_the_header_stand_in_the_readme() -> None:
    names = [*mbus_status.HEADER_BITS, *mbus_status.HEADER_CODES.values(), mbus_status.CLOCK_INVALID]
    assert [name for name in names if f"`{name}`" not in section()] == []


def test_kamstrups_info_code_has_a_name_for_each_of_its_bits() -> None:
    assert len(mbus_status.KAMSTRUP_BITS) == len(set(mbus_status.KAMSTRUP_BITS)) == 32
    assert mbus_status.of_info_code(1 << 8 | 1 << 31) == ["v1_air_or_weak_signal", "v1_v2_leak_penetration"]
