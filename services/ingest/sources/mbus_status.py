"""What a meter says of itself beside its values, as names for people. A name is never changed."""

HEADER_BITS = ("power_low", "permanent_error", "temporary_error")
"""Bits 2 to 4 of the header's status byte (EN 13757-3:2018, table 8)."""
HEADER_CODES = {1: "application_busy", 2: "application_error", 3: "abnormal_condition"}
"""Its bits 0 and 1, read together."""

KAMSTRUP_BITS = (
    "voltage_interrupted",
    "battery_low",
    "sensor_error",
    "t1_above_range",
    "t2_above_range",
    "t1_below_range",
    "t2_below_range",
    "temperature_difference_wrong_polarity",
    "v1_air_or_weak_signal",
    "v1_wrong_flow_direction",
    "info_bit_10",
    "v1_flow_above_maximum",
    "a1_leak",
    "b1_leak",
    "a1_a2_external_alarm",
    "b1_b2_external_alarm",
    "v1_communication_error",
    "v1_wrong_pulse_figure",
    "a2_leak",
    "b2_leak",
    "t3_above_range",
    "t3_below_range",
    "v2_communication_error",
    "v2_wrong_pulse_figure",
    "v2_air_or_weak_signal",
    "v2_wrong_flow_direction",
    "info_bit_26",
    "v2_flow_above_maximum",
    "v1_v2_burst_loss",
    "v1_v2_burst_penetration",
    "v1_v2_leak_loss",
    "v1_v2_leak_penetration",
)
"""Kamstrup's info code, bit by bit (Technical Description MULTICAL 603, 7.7.2)."""

CLOCK_INVALID = "clock_invalid"
"""The meter says that its clock is not set; the time of reception counts."""

CLOCK_DEVIATES = "clock_deviates"
"""The meter's clock is further from the time of reception than any on its way could be; the latter counts."""

ERROR_FLAGS = tuple(f"error_flag_{bit}" for bit in range(32))
"""The standard's error flags, whose meaning is the maker's own: for many modules the only word of a fault."""

OF_MEASURING = (
    *("permanent_error", "abnormal_condition", "sensor_error", "t1_above_range", "t2_above_range", "t1_below_range"),
    *("t2_below_range", "temperature_difference_wrong_polarity", "v1_air_or_weak_signal", "v1_wrong_flow_direction"),
    *("v1_flow_above_maximum", "v1_communication_error", "v1_wrong_pulse_figure", *ERROR_FLAGS),
)
"""What the energy itself may be wrong for."""

FOR_AN_OPERATOR = (
    *OF_MEASURING,
    *("power_low", "battery_low", CLOCK_INVALID, CLOCK_DEVIATES, "a1_a2_external_alarm", "b1_b2_external_alarm"),
    *(name for name in KAMSTRUP_BITS if "leak" in name or "burst" in name),
    *(name for name in KAMSTRUP_BITS if name.startswith(("t3_", "v2_"))),
)
"""What does not pass by itself, or lets water out: somebody must go there."""


def of_header(status: int) -> list[str]:
    """Name what a header's status byte says. Its three highest bits are the maker's own."""
    code = HEADER_CODES.get(status & 0b11)
    named = [name for bit, name in enumerate(HEADER_BITS, start=2) if status >> bit & 1]
    makers = [f"maker_status_{bit}" for bit in (5, 6, 7) if status >> bit & 1]
    return [*([code] if code else []), *named, *makers]


def of_info_code(code: int) -> list[str]:
    """Name the bits of Kamstrup's info code."""
    return [name for bit, name in enumerate(KAMSTRUP_BITS) if code >> bit & 1]


def of_error_flags(flags: int) -> list[str]:
    """Name the bits of the standard's error flags (VIF FD 17), whose meaning is the maker's own."""
    return [f"error_flag_{bit}" for bit in range(flags.bit_length()) if flags >> bit & 1]
