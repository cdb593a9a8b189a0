"""What a substation does with the water: supply and return temperature, and the litres that carry the heat."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from services.cli.simulator.buildings import Building
from services.cli.simulator.chance import Stream, hourly, normal
from services.cli.simulator.demand import Climate
from services.heat.arrays import Float64

SUPPLY_LEAST_C, SUPPLY_MOST_C = 72.0, 105.0
SUPPLY_RISES_BELOW_C, SUPPLY_RISE = 5.0, 1.15
"""The network's heating curve: so many degrees more for each degree of cold."""
CURVE_INERTIA = 0
SUPPLY_NOISE_C, RETURN_NOISE_C = 0.7, 0.9
RETURN_RISE_C = 6.0
"""How much warmer the water returns on the coldest day."""
IDLE_LOAD, IDLE_RETURN_C = 0.08, 5.0
"""Below this share of the design power there is hardly any flow and the water returns warmer."""
LEAST_COOLING_C = 12.0
COLD_SUPPLY_C, COLD_NOISE_C, LEAST_WARMING_C = 6.5, 0.3, 4.0
HEAT_CAPACITY_WH_PER_KG = 4.185 / 3.6


class Water(NamedTuple):
    """What flows through substations: (b, h) each."""

    supply_c: Float64
    return_c: Float64
    litres: Float64


def heating_water(seed: int, buildings: Sequence[Building], weather: Climate, power_w: Float64) -> Water:
    """Give the water that brings so much heat, (b, h) W, by the network's heating curve and each substation."""
    station = np.array([one.station for one in buildings])
    cold_c = (SUPPLY_RISES_BELOW_C - weather.felt_c[station, CURVE_INERTIA]).clip(0)
    curve_c = (SUPPLY_LEAST_C + SUPPLY_RISE * cold_c).clip(max=SUPPLY_MOST_C)
    lost_c = np.array([one.supply_loss_c for one in buildings])[:, None]
    supply_c = curve_c - lost_c + SUPPLY_NOISE_C * _noise(seed, Stream.SUPPLY, 2, buildings, weather)
    load = power_w / np.array([one.design_w for one in buildings])[:, None]
    return_c = np.array([one.return_c for one in buildings])[:, None] + RETURN_RISE_C * load.clip(0, 1)
    return_c += IDLE_RETURN_C * (1 - load / IDLE_LOAD).clip(0)
    return_c += RETURN_NOISE_C * _noise(seed, Stream.RETURN, 2, buildings, weather)
    return _carrying(power_w, supply_c, np.minimum(return_c, supply_c - LEAST_COOLING_C))


def cooling_water(seed: int, buildings: Sequence[Building], weather: Climate, power_w: Float64) -> Water:
    """Give the water that takes so much heat away, (b, h) W: it comes cold and returns warmer."""
    supply_c = COLD_SUPPLY_C + COLD_NOISE_C * _noise(seed, Stream.SUPPLY, 1, buildings, weather)
    return_c = np.array([one.cooling_return_c for one in buildings])[:, None]
    return_c = return_c + COLD_NOISE_C * _noise(seed, Stream.RETURN, 1, buildings, weather)
    return _carrying(power_w, supply_c, np.maximum(return_c, supply_c + LEAST_WARMING_C))


def wh_per_litre_and_degree(celsius: Float64) -> Float64:
    """Give the heat that a litre of water gives off per degree, at the temperature where its flow is measured.

    (n,) C in, (n,) out: 1.13 to 1.17 between 0 and 85 C. Density by a parabola within 0.5 kg/m3 of the tables.
    """
    kg_per_litre = (1001.0 - 0.08 * celsius - 0.0035 * celsius**2) / 1000
    return HEAT_CAPACITY_WH_PER_KG * kg_per_litre


def _carrying(power_w: Float64, supply_c: Float64, return_c: Float64) -> Water:
    # Flow is measured in the return pipe, as district heating meters are commonly built in.
    return Water(supply_c, return_c, power_w / (wh_per_litre_and_degree(return_c) * np.abs(supply_c - return_c)))


def _noise(seed: int, stream: Stream, medium: int, buildings: Sequence[Building], weather: Climate) -> Float64:
    places = [one.number * 3 + medium for one in buildings]
    return np.array([hourly(seed, stream, place, weather.calendar, normal) for place in places])
