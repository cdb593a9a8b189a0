"""Lines of one figure each, as where energy and volume have lines of their own: put together to readings."""

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int8, Int32, Int64
from services.ingest.sources.lines import Lines
from services.ingest.sources.profile import Profile
from services.ingest.sources.profile_parts import REGISTER_UNITS, ValueColumn
from services.ingest.sources.refusals import Fault
from services.ingest.sources.rows import Rows, Values

ENERGY_NOT_GIVEN = Fault(
    "energy_not_given",
    "the file has no energy register of this meter and instant that can be read, and a reading needs one",
)
CONFLICTING = Fault(
    "conflicting_figures",
    "another line gives this quantity of this meter and instant another value, and neither says when it was recorded;"
    " the energy counts without it",
)
SUPERSEDED = Fault(
    "superseded_figure", "another line gives this quantity of this meter and instant, and was recorded later"
)
FAULTS = (ENERGY_NOT_GIVEN, CONFLICTING, SUPERSEDED)
_ENERGY_NOT_GIVEN, _CONFLICTING, _SUPERSEDED = 1, 2, 3
NO_QUANTITY = -1
_NONE = -1


def places_of_quantities(lines: Lines, profile: Profile) -> Int8:
    """Give which of the profile's values each line's figure is; NO_QUANTITY where it is none of them."""
    if profile.quantity is None:
        raise LookupError("the profile names no column of quantities")
    encoded = lines.texts[profile.quantity.column].dictionary_encode()
    place_of = {text: place for place, value in enumerate(profile.values) for text in value.equals}
    places = [place_of.get(text, NO_QUANTITY) for text in encoded.dictionary.to_pylist()]
    return np.array(places, np.int8)[encoded.indices.to_numpy()]


def as_bits(figures: Values) -> Int64:
    """Give figures as whole numbers: registers as they are, samples as the bits of their floats."""
    return np.ascontiguousarray(figures).view(np.int64)


def registers(rows: Rows, profile: Profile) -> Int64:
    """Give each line's register, which never falls; UNKNOWN where its figure is a sample."""
    is_register = np.array([value.field in REGISTER_UNITS for value in profile.values])
    return np.where(is_register[rows.columns["quantity"]], rows.columns["figure"], UNKNOWN)


def joined(rows: Rows, meter: Int64, profile: Profile) -> tuple[str, ...]:
    """Join the lines of each meter and instant to a reading, which takes the place of its energy's line.

    meter: (n,) whose line each is. Gives what a person should know of it.

    Each line of an energy register is a reading, so that two that conflict are told of as in any other file. Another
    figure joins the one that was recorded with it or, where there is none, the one recorded last; what joins none is
    refused. So is a figure that is given twice and differs, unless one of them was recorded later.
    """
    says_something = _says_something(rows, profile)
    rows.keep(says_something)
    quantity, figure = rows.columns["quantity"], rows.columns["figure"]
    energy = next(place for place, value in enumerate(profile.values) if value.field == "energy_wh")
    instant = _ids(meter if says_something.all() else meter[says_something], rows.columns["read_at"])
    del meter
    recorded_us = rows.columns.get("recorded_at")
    version = instant if recorded_us is None else _ids(instant, recorded_us)
    reading = _readings(instant, version, quantity == energy)
    if recorded_us is None:
        recorded_us = np.broadcast_to(np.int64(UNKNOWN), len(rows))
    faults = np.where(reading == _NONE, _ENERGY_NOT_GIVEN, 0).astype(np.int8)
    of_energy = reading[quantity == energy]
    columns = {"energy_wh": figure[quantity == energy]}
    for place, value in enumerate(profile.values):
        if place == energy:
            continue
        lines = np.flatnonzero((quantity == place) & (reading != _NONE))
        lines = lines[np.lexsort((recorded_us[lines], reading[lines]))]
        faults[lines] = _contradicted(reading[lines], recorded_us[lines], figure[lines])
        good = lines[faults[lines] == 0]
        said = as_bits(_nothing(value, int(of_energy.max(initial=_NONE)) + 1))
        # The last of them was recorded last; the others say the same.
        said[reading[good]] = figure[good]
        columns[value.field] = _as_field(said[of_energy], value)
    if "recorded_at" in rows.columns:
        columns["recorded_at"] = _last_recorded(reading[faults == 0], recorded_us[faults == 0])[of_energy]
    rows.refuse(faults, profile.values[0].column, FAULTS)
    figures = len(rows)
    rows.keep(rows.columns["quantity"] == energy)
    rows.columns = {name: each for name, each in rows.columns.items() if name not in ("quantity", "figure")} | columns
    return (f"{figures:,} figures were put together to {len(rows):,} readings",)


def _says_something(rows: Rows, profile: Profile) -> Bool:
    """Tell the lines of energy registers, and what other figures are given and not withdrawn."""
    quantity, figure = rows.columns["quantity"], rows.columns["figure"]
    is_given = ~rows.columns["withdrawn"]
    for place, value in enumerate(profile.values):
        of_value = quantity == place
        values = _as_field(figure[of_value], value)
        if value.field == "energy_wh":
            is_given[of_value] = True
        else:
            is_given[of_value] &= values != UNKNOWN if value.field in REGISTER_UNITS else ~np.isnan(values)
    return is_given


def _nothing(value: ValueColumn, count: int) -> Values:
    return np.full(count, UNKNOWN, np.int64) if value.field in REGISTER_UNITS else np.full(count, np.nan)


def _as_field(bits: Int64, value: ValueColumn) -> Values:
    return bits if value.field in REGISTER_UNITS else bits.view(np.float64)


def _ids(first: Int32 | Int64, second: Int64) -> Int32:
    """Number what two columns say together, in their order."""
    order = np.lexsort((second, first))
    is_new = np.zeros(len(order), np.bool_)
    for column in (first, second):
        in_order = column[order]
        is_new[1:] |= in_order[1:] != in_order[:-1]
    ids = np.empty(len(order), np.int32)
    ids[order] = np.cumsum(is_new, dtype=np.int32)
    return ids


def _readings(instant: Int32, version: Int32, is_energy: Bool) -> Int32:
    """Number the readings that energy lines make; _NONE joins none. All (n,).

    version: the instant and when it was recorded, in this order. A line joins the reading of its version or, where
    there is none, the last one of its instant.
    """
    versions, first = np.unique(version[is_energy], return_index=True)
    numbers = np.arange(len(versions), dtype=np.int32)
    of_version, of_instant = (np.full(int(ids.max(initial=0)) + 1, _NONE, np.int32) for ids in (version, instant))
    of_version[versions] = numbers
    # Of several versions of an instant the last stays.
    of_instant[instant[is_energy][first]] = numbers
    with_it = of_version[version]
    return np.where(with_it == _NONE, of_instant[instant], with_it)


def _contradicted(reading: Int32, recorded_us: Int64, figure: Int64) -> Int64:
    """Give the faults of one quantity's figures that others contradict. All (n,), by reading and when recorded."""
    last = np.searchsorted(reading, reading, side="right") - 1
    differs = figure != figure[last]
    is_last = recorded_us == recorded_us[last]
    conflicts = is_last & np.isin(reading, reading[differs & is_last])
    return np.select([conflicts, differs], [_CONFLICTING, _SUPERSEDED], 0)


def _last_recorded(reading: Int32, recorded_us: Int64) -> Int64:
    """Give when the last figure of each reading was recorded."""
    last_us = np.full(int(reading.max(initial=_NONE)) + 1, UNKNOWN, np.int64)
    np.maximum.at(last_us, reading, recorded_us)
    return last_us
