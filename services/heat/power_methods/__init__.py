"""How subscription power is measured: one file per method, since every utility has its own, and one of all peaks."""

from services.heat.power_methods import (
    category_number,
    cooling_peak,
    customer_chosen,
    goteborg,
    minus_five,
    norrenergi,
    stockholm_exergi,
    tekniska_verken,
    yearly_energy,
)
from services.heat.power_methods.highest import HIGHEST

METHODS = {
    module.METHOD.name: module.METHOD
    for module in (
        minus_five,
        goteborg,
        stockholm_exergi,
        norrenergi,
        tekniska_verken,
        category_number,
        customer_chosen,
        cooling_peak,
        yearly_energy,
    )
} | HIGHEST
"""By the name that price lists call them by."""
