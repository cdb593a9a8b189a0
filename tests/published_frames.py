"""libmbus's frames of wired M-Bus: which of them are of heat meters, what it shows of them, and which are broken."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.telegrams import RECEIVED_AT

READ = [
    "EDC",
    "EFE_Engelmann-Elster-SensoStar-2",
    "ELS_Elster-F96-Plus",
    "Elster-F2",
    "SEN_Pollustat",
    "SEN_Sensus-PolluStat-E",
    "SEN_Sensus-PolluTherm",
    "SLB_CF-Compact-Integral-MK-MaXX",
    "ZRM_Minol-Minocal-C2",
    "abb_f95",
    "allmess_cf50",
    "engelmann_sensostar2c",
    "example_data_01",
    "example_data_02",
    "itron_cf_51",
    "itron_cf_55",
    "itron_cf_echo_2",
    "itron_integral_mk_maxx",
    "kamstrup_multical_601",
    "landis+gyr_ultraheat_t230",
    "metrona_pollutherm",
    "metrona_ultraheat_xs",
    "minol_minocal_c2",
    "minol_minocal_wr3",
    "oms_frame3",
    "sen_pollucom_e",
    "sen_pollutherm",
    "sontex_supercal_531_telegram1",
    "svm_f22_telegram1",
    "tch_telegramm1",
]
"""Frames of heat meters that end as readings."""

NOT_READ = {
    # It sends power, flow and temperatures, but no register of energy.
    "amt_calec_mb": "no_energy",
    # A heat cost allocator on a radiator: its units are no energy.
    "rel_padpuls3": "not_a_heat_meter",
    # 6,531 kWh and 69 l in the fixed structure (CI 73), which EN 13757-3 has withdrawn and neither library reads.
    "sen_pollusonic_2": "fixed_structure",
}
"""The other frames of heat meters, and why."""

COLD_WH = {"EDC": 465_000, "itron_cf_51": 0}
"""Where libmbus shows two registers of energy alike: the second counts backward flow (VIFE 3C), so it is the cold."""

BROKEN = {
    "application_busy": "application_error",
    "buffer_too_long": "application_error",
    "error": "application_error",
    "premature_end_of_data1": "broken_records",
    "premature_end_of_data2": "broken_records",
    "premature_end_of_dif1": "broken_records",
    "premature_end_of_dif2": "broken_records",
    "premature_end_of_record": "application_error",
    "premature_end_of_var_vif1": "broken_records",
    "premature_end_of_vif1": "broken_records",
    "too_long_var_vif": "broken_records",
    "too_many_dife": "broken_records",
    "too_many_difes": "application_error",
    "too_many_readouts": "application_error",
    "too_many_records": "application_error",
    "too_many_vife": "broken_records",
    "too_many_vifes": "application_error",
    "too_short_header": "cut",
    "unimplemented_ci": "application_error",
    "unspecified_error": "application_error",
    "invalid_length": "not_a_frame",
    "invalid_length2": "fixed_structure",
    "manual_frame1": "not_a_frame",
    "manual_frame4": "not_a_reply",
    "manual_frame5": "not_a_reply",
    "manual_frame6": "not_a_reply",
    # The second telegram of two: only a manufacturer's own data.
    "svm_f22_telegram2": "no_energy",
}


def frame(file: Path) -> bytes:
    # One of the broken ones has half a byte.
    return bytes(int(token, 16) for token in file.read_text().split())


class Shown:
    """What libmbus shows of a frame."""

    def __init__(self, file: Path) -> None:
        root = ET.parse(file).getroot()  # noqa: S314 - a file of ours, without entities.
        information = root.find("SlaveInformation")
        assert information is not None
        self.header = {child.tag: child.text or "" for child in information}
        self.records = [{child.tag: child.text or "" for child in record} for record in root.iter("DataRecord")]

    def current(self, quantity: str) -> list[Mapping[str, str]]:
        return [
            record
            for record in self.records
            if record.get("Quantity") == quantity
            and record["Function"] == "Instantaneous value"
            and all(record.get(which, "0") == "0" for which in ("StorageNumber", "Tariff", "Device"))
        ]

    def register(self, quantity: str, units: Mapping[str, Decimal]) -> int | None:
        found = self.current(quantity)
        if not found:
            return None
        value = Decimal(found[0]["Value"]) * units[found[0]["Unit"]]
        return int(value.to_integral_value(ROUND_FLOOR))

    def sample(self, quantity: str, times: int = 1) -> Any:
        found = self.current(quantity)
        # libmbus shows six decimals.
        return pytest.approx(float(found[0]["Value"]) * times, abs=1e-6 * times) if found else None

    def flags(self) -> bool:
        """Tell whether the meter says something of itself."""
        flags = self.current("Error flags")
        return self.header["Status"] != "00" or any(float(one["Value"]) for one in flags)

    def read_at(self) -> datetime:
        found = self.current("Time point (date & time)")
        return datetime.fromisoformat(found[0]["Value"]) if found else RECEIVED_AT
