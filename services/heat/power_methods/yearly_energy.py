"""By yearly energy: no power, but the MWh of a normal year, for price lists whose bands are of these."""

from services.heat.power_methods.category_number import measure
from services.heat.power_methods.measurement import DaysInUse, Method, Statistic
from services.heat.power_methods.periods import twelve_months

MILLI_HOURS = 1_000_000
"""Through 1,000 hours, each kW of a category number is a MWh of the normal year."""

METHOD = Method("yearly_energy", Statistic.NOTHING, DaysInUse.ALL, twelve_months, measure, is_exact=True)
