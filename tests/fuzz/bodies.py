"""The other ways in, bodies and files, each as a function of bytes alone, and good ones of each to be damaged."""

import io
import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from schemas.readings import METER_READINGS
from services.ingest.core.parsed import BadDeliveryError, Parsed, well_formed
from services.ingest.sources import arrow_readings, json_readings, smhi, telegrams
from services.ingest.sources.profile import Profile, ProfileError, profile
from services.ingest.sources.readings_file import readings_file
from services.ingest.sources.refusals import UnreadableFileError
from services.ingest.sources.shipped import profile_named
from services.ingest.sources.telegram import Meter
from services.ingest.sources.telegram_items import envelope, envelope_of_lines
from services.ingest.sources.telegrams import Known
from services.ingest.sources.temperatures_file import temperatures_file
from services.ingest.understanding import fitting
from tests.fuzz.workbooks import open_document, workbook
from tests.telegrams import chirp_stack, secret, things_stack, wired

LATEST_S = 1_767_596_412
"""2026-01-05, soon after the good readings."""
EUI = "94193a0306000001"
KNOWN = Known({}, {"12345678": Meter("12345678", bytes(16), "Europe/Stockholm")})
DEVICES = {EUI: Meter("69493571", None, "+01:00")}

Read = Callable[[bytes], str]


class WayIn(NamedTuple):
    """A way in: what becomes of its bytes, and good ones."""

    read: Read
    good: Sequence[bytes]
    is_text: bool = True


def _delivered(parsed: Parsed) -> str:
    kept = well_formed(parsed, LATEST_S, None)
    assert kept.items >= kept.readings.num_rows
    kept.readings.validate(full=True)
    return "read" if kept.readings.num_rows else "each item refused"


def json_body(data: bytes) -> str:
    return _body(json_readings.parse, data)


def json_lines(data: bytes) -> str:
    return _body(json_readings.parse_lines, data)


def arrow_body(data: bytes) -> str:
    return _body(arrow_readings.parse, data)


def _body(parse: Callable[[bytes], Parsed], data: bytes) -> str:
    try:
        return _delivered(parse(data))
    except BadDeliveryError as refused:
        return refused.code


def telegram_items(data: bytes) -> str:
    return _telegrams(envelope, data)


def telegram_lines(data: bytes) -> str:
    return _telegrams(envelope_of_lines, data)


def _telegrams(open_envelope: Callable[[bytes], Any], data: bytes) -> str:
    try:
        understood = fitting(telegrams.understood(open_envelope(data), KNOWN), LATEST_S, None)
    except BadDeliveryError as refused:
        return refused.code
    return "read" if understood.readings.num_rows else understood.refused[0].code if understood.refused else "empty"


def network_uplink(data: bytes) -> str:
    telegrams.uplinks_device(data)
    understood = fitting(telegrams.understood_uplink(data, DEVICES), LATEST_S, None)
    assert understood.items == understood.readings.num_rows + len(understood.refused) == 1
    return understood.refused[0].code if understood.refused else "read"


def csv_by_profile(data: bytes) -> str:
    return _file(data, LOCAL)


def csv_by_own_profile(data: bytes) -> str:
    return _file(data, profile_named("kulvert"))


def csv_of_figures(data: bytes) -> str:
    return _file(data, OF_FIGURES)


def csv_of_hours(data: bytes) -> str:
    return _file(data, OF_HOURS)


def csv_of_meters(data: bytes) -> str:
    return _file(data, OF_METERS)


def workbook_by_profile(data: bytes) -> str:
    return _file(data, LOCAL)


def _file(data: bytes, by: Profile) -> str:
    try:
        file = readings_file(data, by, file_name="66000001_2024.csv")
    except UnreadableFileError:
        return "the whole file refused"
    assert len(file.line) == file.readings.num_rows <= file.lines
    file.readings.validate(full=True)
    return "read" if file.readings.num_rows else "each line refused"


def temperatures(data: bytes) -> str:
    try:
        found = smhi.smhi_file(data).found if smhi.is_smhi(data) else temperatures_file(data, OF_WEATHER)
    except UnreadableFileError:
        return "the whole file refused"
    assert len(found.starts_s) == len(found.celsius)
    return "read" if len(found.starts_s) else "each line refused"


def smhi_file(data: bytes) -> str:
    try:
        return "read" if len(smhi.smhi_file(data).found.starts_s) else "each value refused"
    except UnreadableFileError:
        return "the whole file refused"


def profile_text(data: bytes) -> str:
    try:
        by = profile(data.decode("utf-8", "replace"), "own.toml")
    except ProfileError:
        return "refused"
    names = [*(str(one.column) for one in by.columns), "66000001 Energi", "02A", "2024-01-01 01:00"]
    rows = [";".join(names), "66000001;2024-01-01 01:00;12" + ";7" * len(names), "66000001;02:30;1.000"]
    (_file if by.kind == "readings" else _weather)("\n".join(rows).encode(), by)
    return "read"


def _weather(data: bytes, by: Profile) -> None:
    try:
        temperatures_file(data, by)
    except UnreadableFileError:
        return


_LOCAL_TEXT = """
kind = "readings"
encoding = "windows-1252"
delimiter = ";"
decimal = ","
thousands = "."
[time]
column = "Tid"
format = "%Y-%m-%d %H:%M"
zone = "Europe/Stockholm"
clock_change = "by_order"
day_ends_at_24 = true
[serial]
column = "Matare"
[[values]]
column = "Energi"
field = "energy_wh"
unit = "kWh"
sentinels = ["-", "9999999"]
modulus = "10.000.000"
resolution = "0,1"
[[values]]
column = "Fram"
field = "supply_c"
unit = "C"
optional = true
"""
_WEATHER_TEXT = """
kind = "weather"
delimiter = ","
time = { column = "at", zone = "+01:00", stamped = "end" }
values = [{ column = "t", field = "celsius", unit = "C", sentinels = ["-99"] }]
"""
_FIGURES_TEXT = """
kind = "readings"
delimiter = ";"
decimal = ","
[time]
column = "Tid"
format = "%Y-%m-%d %H:%M"
zone_column = "Zon"
zones = { NT = "+01:00" }
clock_change = "by_order"
[recorded_at]
column = "Andrad"
optional = true
[serial]
column = "Matare"
[quantity]
column = "Typ"
[[values]]
column = "Varde"
field = "energy_wh"
unit_column = "Enhet"
equals = ["Energi"]
[[values]]
column = "Varde"
field = "supply_c"
unit = "C"
equals = ["Fram", "T1"]
sentinels = ["-"]
"""
_HOURS_TEXT = """
kind = "readings"
delimiter = ";"
wide = { header = "kl {clock}", without = ["kl 24"] }
serial = { column = "Matare" }
quantity = { column = "Typ" }
[time]
column = "Dag"
format = "%Y-%m-%d %H"
zone = "Europe/Stockholm"
clock_change = "by_mark"
marks = ["A", "B"]
stamped = "begin"
[[values]]
field = "energy_wh"
unit = "kWh"
equals = ["E"]
[[values]]
field = "volume_l"
unit = "m3"
equals = ["V"]
"""
_METERS_TEXT = """
kind = "readings"
delimiter = ","
wide = { header = "{metering_point} {quantity}" }
time = { column = "Tid", zone = "Europe/Stockholm", clock_change = "by_order" }
values = [
    { field = "energy_wh", unit = "MWh", equals = ["Energi (MWh)"] },
    { field = "return_c", unit = "C", equals = ["Retur"] },
]
"""
LOCAL, OF_WEATHER = profile(_LOCAL_TEXT, "local"), profile(_WEATHER_TEXT, "weather")
OF_FIGURES, OF_HOURS = profile(_FIGURES_TEXT, "figures"), profile(_HOURS_TEXT, "hours")
OF_METERS = profile(_METERS_TEXT, "meters")

READING = {
    "serial": "66000001", "metering_point": "735999000000000017", "read_at": "2026-01-05T07:00:00+01:00",
    "recorded_at": "2026-01-05T06:00:00Z", "energy_wh": 12_345_000, "volume_l": 4_567, "forward_lc": 89,
    "return_lc": 12, "flow_l_per_h": 123.5, "power_w": 4_500.0, "supply_c": 81.25, "return_c": 41.5, "withdrawn": False,
}  # fmt: skip
_TABLE = [
    ("Matare", "Tid", "Energi", "Fram"),
    *(("66000001", f"2024-10-27 {hour:02}:00", f"1.0{hour:02},5", "81,2") for hour in (0, 1, 2, 2, 3, 4)),
    ("66000002", "2024-03-31 24:00", "-", ""),
]
_CSV = "\r\n".join(";".join(row) for row in _TABLE).encode()
_FIGURES_CSV = "\n".join(
    ["Matare;Tid;Zon;Typ;Varde;Enhet;Andrad"]
    + [f"66;2024-10-27 {hour:02}:00;Europe/Stockholm;Energi;1{at}1,5;kWh;" for at, hour in enumerate((1, 2, 2, 3))]
    + [f"66;2024-10-27 {hour:02}:00;Europe/Stockholm;Fram;8{at},25;C;" for at, hour in enumerate((1, 2, 2, 3))]
    + ["67;2024-01-01 01:00;NT;Energi;7;MWh;2024-01-02T00:00Z", "67;2024-01-01 01:00;+1;T1;-;C;2024-01-03T00:00Z"]
).encode()
_HOURS_CSV = (
    b"Matare;Dag;Typ;kl 00;kl 01;kl 02A;kl 02B;kl 03;kl 24\n66;2024-10-27;E;1;2;3;4;5;6\n66;2024-10-27;V;1;2;;4;5;6\n"
    b"66;2024-03-31;E;7;8;;;9;10\nSumma;;E;1;1;1;1;1;1\n"
)
_METERS_CSV = (
    b"Tid,P-1 Energi (MWh),P-1 Retur,P-2 Energi (MWh)\n2024-10-27 02:00,1.5,41,2\n2024-10-27 02:00,1.6,42,\n"
    b"2024-10-27T03:00:00+01:00,,43,3\n"
)
_OWN_CSV = (
    b"metering_point,read_at,energy_wh,volume_l\n735999,2024-01-01T00:00:00+01:00,1000,7\n"
    b'735999,"2024-01-01T01:00:00+01:00",2000,\n'
)
_ITEM = {"received_at": "2026-01-05T07:00:12Z", "link": "wired", "frame": wired().hex(), "zone": "+01:00"}
_SECRET = {"received_at": "2026-01-05T07:00:12Z", "link": "wireless_without_crc", "frame": secret().hex()}
_PAYLOAD = "FQQGWiYAAAQU8BQKAAItCwACOyYAAlp7AgJefAEMeHE1SWkE/RcAAAAA"
_SMHI = {
    "value": [{"date": 1_704_092_400_000, "value": "-3.1", "quality": "G"}],
    "parameter": {"key": "1"},
    "station": {"name": "Malmö A"},
    "position": [{"from": 0, "to": 1, "latitude": 55.57, "longitude": 13.07}],
}
_SMHI_CSV = (
    "Stationsnamn;Stationsnummer\nMalmö A;52350\n\n"
    "Tidsperiod (fr.o.m);Latitud (decimalgrader);Longitud (decimalgrader)\n"
    "1995-08-01;55.57;13.07\n\nDatum;Tid (UTC);Lufttemperatur;Kvalitet\n2024-01-01;07:00:00;-3.1;G\n"
)


def _arrow(*readings: dict[str, Any]) -> bytes:
    rows = [
        row
        | {name: pa.scalar(row[name]).cast(pa.timestamp("us", "UTC")).as_py() for name in ("read_at", "recorded_at")}
        for row in readings
    ]
    batch = pa.RecordBatch.from_pylist(rows, schema=METER_READINGS)
    stream = io.BytesIO()
    with pa.ipc.new_stream(stream, batch.schema) as writer:
        writer.write_batch(batch)
    return stream.getvalue()


def _written(*documents: object) -> list[bytes]:
    return [json.dumps(one).encode() for one in documents]


WAYS_IN = [
    WayIn(json_body, _written(READING, [READING, READING | {"energy_wh": None}], [])),
    WayIn(json_lines, [b"\n".join(_written(READING, READING | {"withdrawn": True}))]),
    WayIn(arrow_body, [_arrow(READING), _arrow(READING, READING)], is_text=False),
    WayIn(telegram_items, _written([_ITEM, _SECRET], _ITEM | {"serial": "12345678", "metering_point": "7"})),
    WayIn(telegram_lines, [b"\n".join(_written(_ITEM, _SECRET))]),
    WayIn(network_uplink, [chirp_stack(_PAYLOAD), things_stack(_PAYLOAD)]),
    WayIn(csv_by_profile, [_CSV, b"\xef\xbb\xbf" + _CSV.replace(b"66000001", b'"66000001"')]),
    WayIn(csv_by_own_profile, [_OWN_CSV]),
    WayIn(csv_of_figures, [_FIGURES_CSV]),
    WayIn(csv_of_hours, [_HOURS_CSV]),
    WayIn(csv_of_meters, [_METERS_CSV]),
    WayIn(temperatures, [b"at,t\n2024-01-01 01:00,-3.1\n2024-01-01 02:00,-99\n", _SMHI_CSV.encode()]),
    WayIn(smhi_file, [*_written(_SMHI), _SMHI_CSV.encode()]),
    WayIn(
        profile_text, [text.encode() for text in (_LOCAL_TEXT, _WEATHER_TEXT, _FIGURES_TEXT, _HOURS_TEXT, _METERS_TEXT)]
    ),
]
"""What reads its bytes in this process."""
WORKBOOKS = WayIn(workbook_by_profile, [workbook(_TABLE), open_document(_TABLE)])
"""Read by a process of their own, so that far fewer are tried in the same time."""
