"""Files with a line for each figure: lines of one meter and instant are one reading."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.sources import lines
from services.ingest.sources.profile import Profile
from services.ingest.sources.readings_file import IN_THE_FILE, Named, ReadingsFile, readings_file
from services.ingest.sources.refusals import UnreadableFileError
from tests.unit.ingest.sources.local_export import STOCKHOLM

HEADER = "Mätare;Tid;Storhet;Värde;Enhet;Ändrad"
AT = "2024-01-01 01:00"
OF_FIELDS = {"energy_wh": "Energi", "volume_l": "Volym", "supply_c": "Framledning"}


def profile(**keys: Any) -> Profile:
    def value(field: str, **more: Any) -> dict[str, Any]:
        return {"column": "Värde", "field": field, "equals": [OF_FIELDS[field]]} | more

    return Profile.model_validate(
        {
            "kind": "readings",
            "delimiter": ";",
            "decimal": ",",
            "thousands": " ",
            "serial": {"column": "Mätare"},
            "time": {
                "column": "Tid",
                "format": "%Y-%m-%d %H:%M",
                "zone": "Europe/Stockholm",
                "clock_change": "by_order",
            },
            "recorded_at": {"column": "Ändrad", "optional": True},
            "quantity": {"column": "Storhet"},
            "values": [
                value("volume_l", unit="m3"),
                value("energy_wh", unit_column="Enhet", sentinels=["9999999"]),
                value("supply_c", unit="C", sentinels=["-"]),
            ],
        }
        | keys
    )


def read(*given: str, by: Profile | None = None, named: Named = IN_THE_FILE) -> ReadingsFile:
    return readings_file("\n".join([HEADER, *given]).encode(), by or profile(), named)


def figure(quantity: str, value: str, unit: str = "kWh", at: str = AT, recorded: str = "", serial: str = "66") -> str:
    return f"{serial};{at};{quantity};{value};{unit};{recorded}"


def refused(file: ReadingsFile) -> list[tuple[int, str, str]]:
    return [(bad.line, bad.field, bad.code) for bad in file.refusals]


def said(file: ReadingsFile) -> list[tuple[Any, ...]]:
    names = ["energy_wh", "volume_l", "supply_c"]
    return [tuple(row[name] for name in names) for row in file.readings.to_pylist()]


def test_lines_of_one_meter_and_instant_are_one_reading_however_far_apart() -> None:
    file = read(
        figure("Framledning", "81,25", "C"),
        figure("Energi", "1 234,5", "kWh"),
        figure("Energi", "3", "MWh", serial="67"),
        figure("Volym", "0,25", "m3", serial="67"),
        *(figure("Energi", "2000", at=f"2024-02-{day:02} 00:00") for day in range(1, 29)),
        figure("Volym", "12,5", "m3"),
    )
    assert said(file)[:2] == [(1_234_500, 12_500, 81.25), (3_000_000, 250, None)]
    # A reading stands where its energy does.
    assert file.line.tolist()[:3] == [3, 4, 6]
    assert (file.lines, refused(file)) == (33, [])


class Shown(NamedTuple):
    serial: str
    at: datetime
    kwh: int
    m3: int
    celsius: int


def night(serial: str, kwh: Sequence[int]) -> list[Shown]:
    start = datetime(2024, 10, 26, 21, tzinfo=UTC)
    return [Shown(serial, start + timedelta(hours=n), value, value // 2, 70 + n) for n, value in enumerate(kwh)]


def lines_of(shown: Sequence[Shown], *quantities: str) -> list[str]:
    """Write readings in local time, reading by reading."""
    values: dict[str, Callable[[Shown], str]] = {
        "Energi": lambda one: figure("Energi", str(one.kwh), "kWh", f"{local(one)}", serial=one.serial),
        "Volym": lambda one: figure("Volym", str(one.m3), "m3", f"{local(one)}", serial=one.serial),
        "Framledning": lambda one: figure("Framledning", str(one.celsius), "C", f"{local(one)}", serial=one.serial),
    }
    return [values[quantity](one) for one in shown for quantity in quantities]


def local(one: Shown) -> str:
    return f"{one.at.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"


def taken(file: ReadingsFile) -> set[Shown]:
    return {
        Shown(row["serial"], row["read_at"], row["energy_wh"] // 1_000, row["volume_l"] // 1_000, int(row["supply_c"]))
        for row in file.readings.to_pylist()
    }


@given(data=st.data())
def test_autumns_repeated_hour_is_told_for_each_quantity_in_blocks_or_side_by_side(data: st.DataObject) -> None:
    meters = [night(serial, data.draw(st.lists(st.integers(1, 9), min_size=8, max_size=8))) for serial in ("66", "67")]
    meters = [[one._replace(kwh=1_000 * (n + 1)) for n, one in enumerate(meter)] for meter in meters]
    meters = [[one._replace(m3=one.kwh // 2) for one in meter] for meter in meters]
    falls = data.draw(st.booleans())
    shown = [meter[::-1] if falls else meter for meter in meters]
    blocks = [lines_of(meter, quantity) for meter in shown for quantity in OF_FIELDS.values()]
    side_by_side = [lines_of(meter, *data.draw(st.permutations([*OF_FIELDS.values()]))) for meter in shown]
    chosen = data.draw(st.permutations(data.draw(st.sampled_from([blocks, side_by_side]))))
    file = read(*(line for block in chosen for line in block))
    assert taken(file) == {one for meter in meters for one in meter}
    # Two lines of three quantities of two meters.
    assert (file.told_apart, refused(file)) == (12, [])


@given(data=st.data())
def test_lines_may_come_in_any_order_where_the_time_is_normal_all_year(data: st.DataObject) -> None:
    meters = [one for serial in ("66", "67") for one in night(serial, range(10, 18))]
    in_normal_time = [one._replace(at=one.at.replace(tzinfo=STOCKHOLM).astimezone(UTC)) for one in meters]
    given_lines = data.draw(st.permutations(lines_of(in_normal_time, *OF_FIELDS.values())))
    by = profile(time={"column": "Tid", "format": "%Y-%m-%d %H:%M", "zone": "UTC"})
    assert taken(read(*given_lines, by=by)) == set(meters)


def test_a_quantity_that_stands_once_in_the_repeated_hour_is_refused_alone() -> None:
    energy = lines_of(night("66", range(1, 9)), "Energi")
    volume = lines_of(night("66", range(10, 80, 9)), "Volym")
    # The first of the two lines of 02:00 is missing.
    twice = [number for number, line in enumerate(volume) if " 02:00" in line]
    del volume[twice[0]]
    file = read(*energy, *volume)
    assert refused(file) == [(2 + len(energy) + twice[0], "Tid", "ambiguous_time")]
    assert [litres for _, litres, _ in said(file)].count(None) == 2


def test_a_figure_without_an_energy_register_is_refused_by_name() -> None:
    file = read(
        figure("Volym", "1", "m3", at="2024-01-01 02:00"),
        figure("Energi", "9999999", at="2024-01-01 03:00"),
        figure("Framledning", "80", "C", at="2024-01-01 03:00"),
        figure("Energi", "", at="2024-01-01 04:00"),
        figure("Framledning", "-", "C", at="2024-01-01 05:00"),
        figure("Energi", "5"),
    )
    assert refused(file) == [
        (2, "Värde", "energy_not_given"),
        (3, "Värde", "sentinel"),
        (4, "Värde", "energy_not_given"),
        (5, "Värde", "field_missing"),
    ]
    assert (said(file), file.emptied) == ([(5_000, None, None)], {"supply_c": 1})


def test_a_bad_figure_costs_itself_and_not_the_energy_beside_it() -> None:
    file = read(figure("Energi", "5"), figure("Volym", "twelve", "m3"), figure("Framledning", "80", "C"))
    assert (said(file), refused(file)) == ([(5_000, None, 80.0)], [(3, "Värde", "not_a_number")])


def test_energies_of_one_instant_that_differ_are_both_sent_as_of_any_file() -> None:
    file = read(figure("Energi", "5"), figure("Volym", "1", "m3"), figure("Energi", "6"), figure("Energi", "6"))
    assert said(file) == [(5_000, 1_000, None), (6_000, 1_000, None), (6_000, 1_000, None)]


def test_a_figure_that_is_given_twice_and_differs_is_refused_and_equal_ones_count_once() -> None:
    file = read(
        figure("Energi", "5"),
        figure("Volym", "1", "m3"),
        figure("Framledning", "80", "C"),
        figure("Volym", "2", "m3"),
        figure("Framledning", "80,0", "C"),
    )
    assert said(file) == [(5_000, None, 80.0)]
    assert refused(file) == [(3, "Värde", "conflicting_figures"), (5, "Värde", "conflicting_figures")]


EARLY, LATE, LATEST = "2024-01-02T06:00Z", "2024-01-02T07:00Z", "2024-01-02T08:00Z"


def test_a_figure_joins_the_version_that_was_recorded_with_it_else_the_last() -> None:
    file = read(
        figure("Energi", "5", recorded=EARLY),
        figure("Energi", "6", recorded=LATE),
        figure("Volym", "2", "m3", recorded=LATE),
        figure("Volym", "1", "m3", recorded=EARLY),
        figure("Framledning", "80", "C", recorded=LATEST),
    )
    assert said(file) == [(5_000, 1_000, None), (6_000, 2_000, 80.0)]
    recorded = file.readings.column("recorded_at").to_pylist()
    # What was recorded last makes it a version of its own.
    assert recorded == [datetime.fromisoformat(EARLY), datetime.fromisoformat(LATEST)]


def test_of_a_figure_that_is_given_twice_the_one_recorded_later_counts() -> None:
    file = read(
        figure("Volym", "2", "m3", recorded=LATEST),
        figure("Energi", "5", recorded=EARLY),
        figure("Volym", "1", "m3", recorded=LATE),
        figure("Framledning", "80", "C", recorded=LATE),
        figure("Framledning", "80", "C", recorded=LATEST),
    )
    assert (said(file), refused(file)) == ([(5_000, 2_000, 80.0)], [(4, "Värde", "superseded_figure")])


def test_a_file_that_was_exported_at_a_time_is_joined_as_one() -> None:
    exported = datetime(2024, 5, 1, tzinfo=UTC)
    file = read(figure("Volym", "2", "m3"), figure("Energi", "5"), named=Named(recorded_at=exported))
    assert file.readings.column("recorded_at").to_pylist() == [exported]
    assert said(file) == [(5_000, 2_000, None)]


def test_quantities_that_nobody_names_are_passed_over_and_told() -> None:
    file = read(figure("Energi", "5"), *[figure("Effekt", "7", "kW")] * 3, figure("", "8"))
    assert (said(file), refused(file), file.lines) == ([(5_000, None, None)], [], 1)
    passed = "figures of quantities that the profile does not name were passed over: Effekt (3), none (1)"
    assert [note for note in file.notes if "passed over" in note] == [passed]


def test_lines_are_chosen_before_their_quantities_are_asked_for() -> None:
    by = profile(only=[{"column": "Enhet", "equals": ["kWh"]}])
    file = read(figure("Energi", "5"), figure("Volym", "1", "m3"), by=by)
    assert said(file) == [(5_000, None, None)]
    assert "1 lines were passed over, by [[only]] in the profile" in file.notes


def test_the_unit_of_each_line_counts() -> None:
    file = read(
        figure("Energi", "5", "MWh"),
        figure("Energi", "5", "GJ", at="2024-01-01 02:00"),
        figure("Energi", "5", "m3", at="2024-01-01 03:00"),
    )
    assert [wh for wh, *_ in said(file)] == [5_000_000, 1_388_888]
    assert refused(file) == [(4, "Värde", "unknown_unit")]


def test_a_withdrawn_figure_joins_nothing_and_a_withdrawn_energy_withdraws_its_reading() -> None:
    by = profile(withdrawn={"column": "Ändrad"}, recorded_at=None)
    file = read(
        figure("Energi", "5", recorded="0"),
        figure("Volym", "1", "m3", recorded="1"),
        figure("Energi", "6", at="2024-01-01 02:00", recorded="1"),
        by=by,
    )
    assert said(file) == [(5_000, None, None), (6_000, None, None)]
    assert file.readings.column("withdrawn").to_pylist() == [False, True]


def test_a_file_of_many_pieces_is_joined_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = [Shown("66", datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=n), n + 1, n, 70) for n in range(300)]
    blocks = [line for quantity in OF_FIELDS.values() for line in lines_of(shown, quantity)]
    monkeypatch.setattr(lines, "PIECE_BYTES", 1_000)
    assert taken(read(*blocks)) == set(shown)


def test_consumption_is_refused_in_long_files_too() -> None:
    used = [figure("Energi", str(hour % 2 + 1), at=f"2024-01-01 {hour:02}:00") for hour in range(24)]
    with pytest.raises(UnreadableFileError, match="what was used in each hour"):
        read(*used)


def test_a_file_without_the_column_of_figures_or_their_units_is_refused() -> None:
    by = profile()
    optional = by.model_copy(update={"values": tuple(one.model_copy(update={"optional": True}) for one in by.values)})
    for header, words in (
        ("Mätare;Tid;Storhet;Enhet", "lacks the column Värde"),
        ("Mätare;Tid;Storhet;Värde", "Enhet"),
    ):
        with pytest.raises(UnreadableFileError, match=words):
            readings_file(f"{header}\n66;{AT};Energi;5".encode(), optional)
