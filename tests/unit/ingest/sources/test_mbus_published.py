"""Published frames of wired M-Bus: what libmbus shows of them is what we read, and broken ones are refused by name."""

from decimal import Decimal
from pathlib import Path

import pytest

from services.ingest.sources import mbus
from services.ingest.sources.telegram import Meter, TelegramRefusedError
from tests.published_frames import BROKEN, COLD_WH, NOT_READ, READ, Shown, frame
from tests.telegrams import HEAT, RECEIVED_AT, long_frame

IN_UTC = Meter(zone="UTC")


@pytest.fixture(scope="module")
def frames(shared_data: Path) -> Path:
    return shared_data / "mbus-libmbus"


def refusal(data: bytes) -> str:
    with pytest.raises(TelegramRefusedError) as refused:
        mbus.decode(data, IN_UTC, RECEIVED_AT)
    return refused.value.fault.code


def test_the_published_frames_of_heat_meters_are_all_here(frames: Path) -> None:
    media = {file.name.removesuffix(".norm.xml"): Shown(file) for file in (frames / "test-frames").glob("*.norm.xml")}
    heat = {name for name, shown in media.items() if shown.header["Medium"].startswith("Heat")}
    assert heat == {*READ, *NOT_READ}
    assert len(heat) == 33


@pytest.mark.parametrize("name", READ)
def test_a_published_frame_ends_as_the_reading_that_libmbus_shows(frames: Path, name: str) -> None:
    shown = Shown(frames / "test-frames" / f"{name}.norm.xml")
    told = mbus.decode(frame(frames / "test-frames" / f"{name}.hex"), IN_UTC, RECEIVED_AT)
    reading = told.reading
    assert int(reading.serial or "") == int(shown.header["Id"])
    assert told.manufacturer == shown.header["Manufacturer"]
    assert reading.read_at == shown.read_at()
    assert reading.energy_wh == shown.register("Energy", {"Wh": Decimal(1), "J": Decimal(1) / 3_600})
    # libmbus shows cubic metres; EDC's frame has no volume that counts.
    assert reading.volume_l == shown.register("Volume", {"m^3": Decimal(1_000)})
    assert told.cooling_wh == COLD_WH.get(name)
    assert reading.flow_l_per_h == shown.sample("Volume flow", 1_000)
    assert reading.power_w == shown.sample("Power")
    assert reading.supply_c == shown.sample("Flow temperature")
    assert reading.return_c == shown.sample("Return temperature")
    assert told.difference_k == shown.sample("Temperature difference")
    assert bool(told.statuses) == shown.flags()


@pytest.mark.parametrize(("name", "code"), NOT_READ.items())
def test_a_frame_without_a_register_of_heat_is_refused(frames: Path, name: str, code: str) -> None:
    assert refusal(frame(frames / "test-frames" / f"{name}.hex")) == code


def test_meters_of_anything_else_are_refused(frames: Path) -> None:
    others = [file for file in (frames / "test-frames").glob("*.hex") if file.stem not in {*READ, *NOT_READ}]
    codes = {file.stem: refusal(frame(file)) for file in others}
    assert len(codes) == 43
    odd = {name: code for name, code in codes.items() if code != "not_a_heat_meter"}
    assert odd == {
        # Their identification has hexadecimal digits.
        "electricity-meter-1": "bad_identification",
        "electricity-meter-2": "bad_identification",
        "manual_frame2": "fixed_structure",
    }


def test_the_published_broken_frames_are_all_here(frames: Path) -> None:
    folders = (frames / "error-frames", frames / "unsupported-frames")
    assert {file.stem for folder in folders for file in folder.glob("*.hex")} == set(BROKEN)
    assert len(BROKEN) == 27


@pytest.mark.parametrize(("name", "code"), BROKEN.items())
def test_a_published_broken_frame_is_refused_by_name(frames: Path, name: str, code: str) -> None:
    folder = "error-frames" if (frames / "error-frames" / f"{name}.hex").exists() else "unsupported-frames"
    assert refusal(frame(frames / folder / f"{name}.hex")) == code


@pytest.mark.parametrize("name", [name for name, code in BROKEN.items() if code == "broken_records"])
def test_a_broken_frame_is_no_better_from_a_heat_meter(frames: Path, name: str) -> None:
    user_data = bytearray(frame(frames / "error-frames" / f"{name}.hex")[4:-2])
    user_data[10] = HEAT
    assert refusal(long_frame(bytes(user_data))) == "broken_records"
