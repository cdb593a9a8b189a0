"""Wired M-Bus: which records are the reading, in whole units, and what is refused."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from schemas.readings import METER_READINGS
from services.ingest.sources import mbus
from services.ingest.sources.telegram import Medium, Meter, Telegram, TelegramRefusedError
from tests.telegrams import (
    COOLING,
    HEAT_AND_COOLING,
    OMS_HEAT,
    OMS_KEY,
    RECEIVED_AT,
    WATER,
    address,
    encrypted,
    long_frame,
    records,
    wired,
)

UNKNOWN = Meter()
ENERGY = "0406E8030000"  # 1,000 kWh


def read(payload: bytes, meter: Meter = UNKNOWN, who: bytes | None = None) -> Telegram:
    return mbus.decode(wired(payload, who), meter, RECEIVED_AT)


def refusal(frame: bytes, meter: Meter = UNKNOWN) -> str:
    with pytest.raises(TelegramRefusedError) as refused:
        mbus.decode(frame, meter, RECEIVED_AT)
    return refused.value.fault.code


def refused(*parts: str, meter: Meter = UNKNOWN) -> str:
    return refusal(wired(records(*parts)), meter)


def test_the_published_heat_meter_is_read_in_whole_units() -> None:
    told = read(OMS_HEAT)
    reading = told.reading
    assert (reading.serial, reading.read_at) == ("12345678", RECEIVED_AT)
    assert (reading.energy_wh, reading.volume_l) == (2_850_427_000, 703_476)
    assert (reading.flow_l_per_h, reading.power_w, reading.supply_c, reading.return_c) == (127, 329.7, 44.3, 25.1)
    assert (told.medium, told.manufacturer, told.statuses) == (Medium.HEAT, "HYD", ())


def test_a_telegrams_reading_fits_the_columns_that_every_way_in_ends_in() -> None:
    reading = read(OMS_HEAT).reading
    given = {name: getattr(reading, name) for name in METER_READINGS.names} | {"withdrawn": False}
    row = pa.RecordBatch.from_pylist([given], METER_READINGS).to_pylist()[0]
    assert (row["energy_wh"], row["volume_l"], row["read_at"]) == (2_850_427_000, 703_476, RECEIVED_AT)


@pytest.mark.parametrize(
    ("record", "energy_wh"),
    [
        ("0403FFFFFF7F", 2**31 - 1),  # Wh
        ("040039300000", 12),  # 12.345 Wh, cut
        ("040539300000", 1_234_500),  # 0.1 kWh
        ("0407 39300000", 123_450_000),  # 10 kWh
        ("04FB0039300000", 1_234_500_000),  # 0.1 MWh
        ("04FB0139300000", 12_345_000_000),  # MWh
        ("040839300000", 3),  # 12,345 J
        ("040B39300000", 3_429),  # kJ: 3,429.17 Wh
        ("040E39300000", 3_429_166),  # MJ
        ("04FB0839300000", 342_916_666),  # 0.1 GJ
        ("04FB0939300000", 3_429_166_666),  # GJ
        ("04FB0D39300000", 14_357_235),  # Mcal: 1,163 Wh each
        ("04FB0F39300000", 1_435_723_500),  # 0.1 Gcal
        ("0C0678563412", 12_345_678_000),  # eight digits
        ("0E03563412907856", 567_890_123_456),  # twelve digits
        ("0706F5FF070000000000", 524_277_000),  # 64 bits
        ("0506000020 41", 10_000),  # a float of 10 kWh
        ("0503FFFF7F4B", 16_777_215),  # the largest odd number that such a float holds
    ],
)
def test_energy_in_any_unit_becomes_whole_watt_hours_and_loses_no_digit(record: str, energy_wh: int) -> None:
    assert read(records(record)).reading.energy_wh == energy_wh


def test_a_register_of_64_bits_loses_no_digit_though_a_float_would() -> None:
    """One short of 10^18 mWh: as a float it is 10^15 Wh."""
    assert read(records("0700FFFF63A7B3B6E00D")).reading.energy_wh == 999_999_999_999_999
    assert refused("070000016AA7B3B6E00D") == "out_of_range"


@pytest.mark.parametrize(
    ("record", "volume_l"),
    [
        ("0413 39300000", 12_345),
        ("0412 39300000", 1_234),
        ("0416 39300000", 12_345_000),
        ("04FB10 39300000", 1_234_500_000),
    ],
)
def test_volume_becomes_whole_litres(record: str, volume_l: int) -> None:
    assert read(records(ENERGY, record)).reading.volume_l == volume_l


@pytest.mark.parametrize(
    ("record", "name", "value"),
    [
        ("023B2600", "flow_l_per_h", 38.0),
        ("023E0200", "flow_l_per_h", 2_000.0),
        ("02430A00", "flow_l_per_h", 60.0),  # 1 l/min
        ("024B0100", "flow_l_per_h", 3.6),  # 1 ml/s
        ("022D0B00", "power_w", 1_100.0),
        ("022DF5FF", "power_w", -1_100.0),
        ("0433A08C0000", "power_w", 10_000.0),  # 36,000 kJ/h
        ("04FB2803000000", "power_w", 300_000.0),  # 0.1 MW
        ("02595308", "supply_c", 21.31),
        ("025D9CFF", "return_c", -1.0),
        ("055B0000A041", "supply_c", 20.0),
        ("0B5E9901F0", "return_c", -19.9),  # F in the highest digit is a minus
    ],
)
def test_a_sample_is_given_in_its_unit(record: str, name: str, value: float) -> None:
    assert getattr(read(records(ENERGY, record)).reading, name) == value


def test_a_difference_of_temperatures_stands_beside_the_reading() -> None:
    assert read(records(ENERGY, "0261E803")).difference_k == 10.0


@pytest.mark.parametrize("earlier", ["4406", "840106", "841006", "844006", "1406", "2406", "3406"])
def test_only_the_current_value_of_no_tariff_is_the_reading(earlier: str) -> None:
    """Storage 1 and 2, tariff 1, subunit 1; the largest, the smallest, and the value during an error."""
    assert read(records(f"{earlier}01000000", ENERGY, f"{earlier}02000000")).reading.energy_wh == 1_000_000
    assert refused(f"{earlier}01000000") == "no_energy"


def test_extensions_of_the_dif_that_say_nothing_change_nothing() -> None:
    assert read(records("84800006 E8030000")).reading.energy_wh == 1_000_000


@pytest.mark.parametrize(("vife", "energy_wh"), [("70", 1), ("75", 100_000), ("76", 1_000_000), ("7D", 10**9)])
def test_a_factor_behind_the_unit_counts(vife: str, energy_wh: int) -> None:
    assert read(records(f"0486{vife}E8030000")).reading.energy_wh == energy_wh


@pytest.mark.parametrize("vife", ["15", "22", "28", "39", "3D", "50", "58", "78", "FF01"])
def test_a_value_that_an_extension_makes_another_is_not_the_register(vife: str) -> None:
    assert refused(f"0486{vife}E8030000") == "no_energy"


def test_the_same_register_in_two_units_counts_once_in_the_finer() -> None:
    assert read(records("04FB0101000000", "0403 FBFF1B00")).reading.energy_wh == 1_835_003
    assert refused("04FB0101000000", "040380841E00") == "contradicting_registers"
    assert refused(ENERGY, "0406E9030000") == "contradicting_registers"
    assert read(records(ENERGY, ENERGY)).reading.energy_wh == 1_000_000


def test_heat_and_cold_are_told_apart_by_the_medium() -> None:
    both = records("0406E8030000", "04863C64000000")
    meter_of_both = read(both, who=address(device_type=HEAT_AND_COOLING))
    assert (meter_of_both.medium, meter_of_both.reading.energy_wh) == (Medium.HEAT_AND_COOLING, 1_000_000)
    assert meter_of_both.cooling_wh == 100_000
    cold = read(records(ENERGY), who=address(device_type=COOLING))
    assert (cold.medium, cold.reading.energy_wh, cold.cooling_wh) == (Medium.COOLING, 1_000_000, None)
    backward = read(records("04863C64000000"), who=address(device_type=COOLING))
    assert (backward.medium, backward.reading.energy_wh) == (Medium.COOLING, 100_000)


def test_forward_flow_alone_is_heat_and_backward_flow_alone_is_none() -> None:
    assert read(records("04863BE8030000", "04863C64000000")).reading.energy_wh == 1_000_000
    assert refused("04863C64000000") == "no_energy"


def test_a_meter_of_something_else_is_refused_though_it_shows_energy() -> None:
    assert refusal(wired(records(ENERGY), address(device_type=WATER))) == "not_a_heat_meter"
    assert refusal(wired(records(ENERGY), address(device_type=2))) == "not_a_heat_meter"


@pytest.mark.parametrize(
    ("volume", "step_lc"),
    [("041310270000", 100), ("041410270000", 1_000), ("041510270000", 10_000), ("041610270000", 100_000)],
)
def test_kamstrups_integrals_count_in_hundreds_of_the_volumes_step(volume: str, step_lc: int) -> None:
    payload = records(ENERGY, volume, "04FF07 05000000", "04FF08 03000000")
    reading = read(payload, who=address("06855817", "KAM")).reading
    assert (reading.forward_lc, reading.return_lc) == (5 * step_lc, 3 * step_lc)


def test_a_step_noted_for_the_meter_counts_before_the_rule() -> None:
    payload = records(ENERGY, "041410270000", "04EEFF07 05000000", "04EEFF08 03000000")
    reading = read(payload, Meter(integral_step_lc=250), address("06855817", "KAM")).reading
    assert (reading.forward_lc, reading.return_lc) == (1_250, 750)


def test_another_makers_own_codes_are_no_integrals() -> None:
    reading = read(records(ENERGY, "041410270000", "04FF07 05000000")).reading
    assert reading.forward_lc is None
    alone = read(records(ENERGY, "04FF07 05000000"), who=address("06855817", "KAM")).reading
    assert alone.forward_lc is None


def test_a_register_without_a_value_is_refused_where_it_is_the_energy_and_left_out_elsewhere() -> None:
    assert refused("0406FFFFFFFF") == "sentinel"
    assert refused("040600000080") == "sentinel"
    assert read(records(ENERGY, "0413FFFFFFFF")).reading.volume_l is None
    assert read(records(ENERGY, "041300000080")).reading.volume_l is None
    assert read(records(ENERGY, "02590080")).reading.supply_c is None
    assert read(records(ENERGY, "0559 0000C07F")).reading.supply_c is None


def test_a_register_below_zero_or_beyond_any_meter_is_refused() -> None:
    assert refused("0406FEFFFFFF") == "negative_register"
    assert refused("0C06010000F0") == "negative_register"
    assert refused(ENERGY, "0413FEFFFFFF") == "negative_register"
    assert refused("0E07999999999999") == "out_of_range"
    assert refused("0506 0000807F") == "not_finite"
    assert refused("0506 0000C07F") == "not_finite"
    assert refused(ENERGY, "052F FFFF7F7F") == "out_of_range"


@pytest.mark.parametrize("energy", ["0C0612345A78", "0C06AB345678", "0C061234567F", "0C06F1F1F1F1", "0C06DDB4EBDD"])
def test_energy_with_a_decimal_digit_that_is_none_is_refused(energy: str) -> None:
    assert refused(energy) == "bad_bcd"


@pytest.mark.parametrize("beside", ["0A5AEEEE", "0C13DDB4EBDD", "0B3B9999A9"])
def test_a_value_beside_the_energy_with_such_a_digit_is_refused_too(beside: str) -> None:
    assert refused(ENERGY, beside) == "bad_bcd"


def test_a_bad_digit_that_does_not_count_costs_nothing() -> None:
    assert read(records("3C2BBDEBDDDD", ENERGY, "4C06EEEEEEEE")).reading.energy_wh == 1_000_000


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"", "not_a_frame"),
        (b"\xe5", "not_a_reply"),
        (bytes.fromhex("105B015C16"), "not_a_reply"),
        (bytes.fromhex("6803036853FE50A116"), "not_a_reply"),
        (long_frame(bytes.fromhex("08017600")), "unsupported_structure"),
        (long_frame(bytes.fromhex("08017803")), "unsupported_structure"),
        (long_frame(bytes.fromhex("08017008")), "application_error"),
        (long_frame(bytes.fromhex("080172") + address()), "cut"),
        (wired()[:-1], "not_a_frame"),
        (wired() + b"\x16", "not_a_frame"),
        (b"\x69" + wired()[1:], "not_a_frame"),
        (wired()[:2] + b"\x00" + wired()[3:], "not_a_frame"),
        (wired()[:3] + b"\x00" + wired()[4:], "not_a_frame"),
        (wired()[:-1] + b"\x00", "not_a_frame"),
        (wired()[:-2] + bytes([wired()[-2] ^ 1, 0x16]), "checksum"),
        (wired(OMS_HEAT[:-1]), "broken_records"),
        (wired(OMS_HEAT + b"\x04"), "broken_records"),
        (wired(b""), "no_energy"),
    ],
)
def test_what_is_no_whole_answer_is_refused(frame: bytes, code: str) -> None:
    assert refusal(frame) == code


def test_a_meter_may_ask_for_attention_in_its_answer() -> None:
    frame = wired()
    with_demand = long_frame(bytes([frame[4] | 0x30]) + frame[5:-2])
    assert mbus.decode(with_demand, UNKNOWN, RECEIVED_AT).reading.energy_wh == 2_850_427_000


def test_a_telegram_of_68_bytes_is_read_as_wired() -> None:
    """Its length is 44, which pymeterbus takes for the control field of a radio frame."""
    frame = wired(OMS_HEAT + b"\x0f" + bytes(0x44 - 15 - len(OMS_HEAT) - 1))
    assert frame[1] == 0x44
    assert mbus.decode(frame, UNKNOWN, RECEIVED_AT).reading.energy_wh == 2_850_427_000


def test_another_meters_telegram_is_refused_and_leading_zeros_tell_no_meters_apart() -> None:
    assert refusal(wired(), Meter(serial="12345679")) == "another_meter"
    assert read(OMS_HEAT, Meter(serial="0012345678")).reading.serial == "0012345678"
    assert read(OMS_HEAT, Meter(serial="6855817"), address("06855817")).reading.serial == "6855817"
    assert refusal(wired(who=address("1234567A"))) == "bad_identification"


def test_a_wired_telegram_in_mode_5_needs_the_meters_key() -> None:
    configuration, cipher = encrypted(OMS_HEAT)
    frame = wired(cipher, signature=configuration)
    assert mbus.decode(frame, Meter(key=OMS_KEY), RECEIVED_AT).reading.energy_wh == 2_850_427_000
    assert refusal(frame) == "key_missing"
    assert refusal(frame, Meter(key=bytes(16))) == "decryption_unverified"


def test_the_meters_own_time_counts_before_the_time_of_reception() -> None:
    told = read(records(ENERGY, "046D 1A2F6511"), Meter(zone="+01:00"))
    assert told.reading.read_at == datetime(2011, 1, 5, 14, 26, tzinfo=UTC)
    assert refused(ENERGY, "046D 1A2F6511") == "naive_time"


def test_a_clock_that_is_not_set_is_a_status_and_the_time_of_reception_counts() -> None:
    told = read(records(ENERGY, "046D 9A2F6511"), Meter(zone="+01:00"))
    assert (told.reading.read_at, told.statuses) == (RECEIVED_AT, ("clock_invalid",))


def test_a_date_alone_and_an_earlier_time_are_not_the_readings() -> None:
    told = read(records(ENERGY, "026C 6511", "446D 1A2F6511", "346D 1A2F6511", "036D 000000"))
    assert told.reading.read_at == RECEIVED_AT


@pytest.mark.parametrize(
    ("status", "names"),
    [
        (0x00, ()),
        (0x01, ("application_busy",)),
        (0x02, ("application_error",)),
        (0x03, ("abnormal_condition",)),
        (0x04, ("power_low",)),
        (0x08, ("permanent_error",)),
        (0x10, ("temporary_error",)),
        (0xE0, ("maker_status_5", "maker_status_6", "maker_status_7")),
        (0x27, ("abnormal_condition", "power_low", "maker_status_5")),
    ],
)
def test_a_status_byte_is_named(status: int, names: tuple[str, ...]) -> None:
    assert mbus.decode(wired(status=status), UNKNOWN, RECEIVED_AT).statuses == names


def test_flags_are_named_bit_by_bit_and_kamstrups_by_its_manual() -> None:
    assert read(records(ENERGY, "02FD170900")).statuses == ("error_flag_0", "error_flag_3")
    kamstrup = read(records(ENERGY, "04FF2260000100"), who=address("80808081", "KAM"))
    assert kamstrup.statuses == ("t1_below_range", "t2_below_range", "v1_communication_error")
    assert read(records(ENERGY, "04FF2260000100")).statuses == ()


def test_a_key_never_stands_in_what_is_printed_of_a_meter() -> None:
    assert OMS_KEY.hex() not in repr(Meter(key=OMS_KEY))
    assert "key" not in repr(Meter(key=OMS_KEY))


@pytest.mark.parametrize("known", [{"key": b"short"}, {"zone": "+25:00"}, {"zone": "Europe/Nowhere"}])
def test_what_is_known_of_a_meter_must_be_possible(known: dict[str, str]) -> None:
    with pytest.raises((ValueError, KeyError)):
        Meter(**known)  # type: ignore[arg-type]
