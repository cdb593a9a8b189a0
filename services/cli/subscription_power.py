"""`kulvert subscription-power` determines the power that a fixed charge rests on, from one winter."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from deploy.local.folder import StackError
from deploy.local.services import CONTRACTS
from deploy.local.stack import Stack
from services.cli import arguments
from services.cli.requests import Client, told_to_person
from services.heat.power_methods.measurement import Reason

TIMEOUT_S = 60.0
CHARTS = (".svg", ".png")

REASONS = {
    Reason.NO_TEMPERATURE: "no day of the winter has both its hours and a mean outdoor temperature",
    Reason.RUN_TOO_SHORT: "no 21 days in a row have a mean outdoor temperature",
    Reason.TOO_FEW_COLD_DAYS: "in no run of 21 days or more has a fifth of the days a mean within 0 to -10 C",
    Reason.TOO_FEW_MEASURED_DAYS: "under ten complete days of measured hours, or than the method counts, are left",
    Reason.LINE_NOT_FALLING: "the power does not fall as it gets warmer",
    Reason.NO_POWER_AT_MINUS_FIVE: "the line shows no power at -5 C",
    Reason.TOO_WARM: "under ten days of the period are cold enough for the method",
    Reason.NO_POWER_MEASURED: "what was measured is no power above zero",
    Reason.NO_NORMAL_YEAR: "the energy of a normal year, or the hours of the facility's category, is not known",
    Reason.POWER_IS_CHOSEN: "the customer has chosen the power, and it is not measured",
    Reason.POWER_IS_OF_MONTHS: "each month is billed by its own power",
}


def subscription_power(
    point: Annotated[str, typer.Argument(metavar="ID", help="the metering point's number")],
    winter: Annotated[
        str, typer.Option(metavar="WINTER", parser=arguments.winter, help="its two years, such as 2018/2019")
    ],
    chart: Annotated[
        Path | None, typer.Option(metavar="FILE", help="write the days and the line to a file as well: .svg or .png")
    ] = None,
) -> None:
    """Determine ID's subscription power from a winter's days, by the method of its contract's price list.

    Asking again from unchanged data gives the same determination; a power that changes never counts in the past.
    """
    with told_to_person(), Client(Stack(), CONTRACTS, timeout_s=TIMEOUT_S) as contracts:
        kind = _kind(chart)
        found = contracts.ask("POST", "/v1/determinations", json={"metering_point": point, "winter": winter}).json()
        if chart is not None:
            _write(chart, contracts.ask("GET", f"/v1/determinations/{found['determination_id']}/chart{kind}").content)
    table = Table(show_header=False, box=None, title=f"{found['metering_point']}, winter {found['winter']}")
    table.add_column(justify="right", style="dim")
    table.add_column()
    for name, value in _lines(found):
        table.add_row(name, value)
    Console().print(table, markup=False)


def _kind(chart: Path | None) -> str:
    kind = chart.suffix if chart else ".svg"
    if kind not in CHARTS:
        raise StackError(f"name a file that ends with {' or '.join(CHARTS)}, not '{chart}'")
    return kind


def _write(file: Path, drawn: bytes) -> None:
    try:
        file.write_bytes(drawn)
    except OSError as error:
        raise StackError(f"cannot write {file}: {error.strerror}; name another file with --chart") from error


def _lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    unit, new = ("MWh", "new yearly energy") if found["method"] == "yearly_energy" else ("kW", "new power")
    lines = [("decision", found["decision"].replace("_", " "))]
    if found["reason"]:
        lines.append(("because", f"{found['reason']}: {REASONS[Reason(found['reason'])]}"))
    if found["measured_kw"] is not None:
        lines.append(("measured", f"{found['measured_kw']} {unit}"))
    in_force = f"{found['in_force_kw']} {unit}" if found["in_force_kw"] is not None else "none"
    lines.append(("in force before", in_force))
    if found["kw"] is not None:
        lines.append((new, f"{found['kw']} {unit} from {found['effective_on']}"))
    elif found["newer_winter"] is not None:
        lines.append((new, f"none: winter {found['newer_winter']} is determined too, and the newer one holds"))
    if found["window_from"]:
        lines.append(("period", f"{found['window_from']} to {found['window_to']}, {found['days']} days"))
    if found["coverage"] is not None:
        lines.append(("coverage", f"{found['coverage']:.1%} of the period's days in use are in the line"))
    if found["slope_kw_per_c"] is not None:
        line = f"{found['intercept_kw']:.3f} kW {found['slope_kw_per_c']:+.3f} kW per degree"
        lines.append(("line", f"{line}, r2 {found['r2']:.3f}, through {len(found['points'])} days"))
    if found["share_percent"] is not None:
        lines.append(("share", f"{found['share_percent']} % of its network's sum"))
    lines.append(("method", found["method"]))
    lines.append(("contract", found["contract_number"]))
    lines.append(("determination", found["determination_id"]))
    return lines
