"""What a town showed, as tables for a person, and whether what is specified holds."""

from typing import NamedTuple

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from services.ingest.core.vee.rules import Rule
from tests.scenarios.town.found import DEFINITE, FOUND_BY, Recall
from tests.scenarios.town.measured import SHOWN, Compared

MOST_FLAGGED_SHARE = 0.01


class Result(NamedTuple):
    """What was measured of one order."""

    name: str
    recalls: list[Recall]
    hours: Compared
    months: Compared
    sums: Compared
    good_hours: int
    flagged: dict[Rule, int]
    energy_mwh: tuple[float, float]
    """As stored, and as it truly was."""
    differences: list[str]
    """From the tables of what came in order."""


def broken(result: Result) -> list[str]:
    """Give each line of the specification that does not hold, with the first examples."""
    found = []
    for recall in result.recalls:
        if recall.flaw in DEFINITE and recall.missed:
            found.append(f"{recall.flaw}: {len(recall.missed)} of {recall.lines} not found")
            found += [f"  {one['metering_point']} {one['from']} to {one['to']}" for one in recall.missed[:SHOWN]]
    for words, compared in (
        ("hours that no flaw touches are not the true ones", result.hours),
        ("months do not have the true energy", result.months),
        ("days are not the sums of their hours, or not what their registers rose by", result.sums),
    ):
        if compared.wrong:
            found.append(f"{len(compared.wrong)} of {compared.figures} {words}")
            found += [f"  {one}" for one in compared.wrong[:SHOWN]]
    if sum(result.flagged.values()) > MOST_FLAGGED_SHARE * result.good_hours:
        found.append(f"{sum(result.flagged.values())} of {result.good_hours} good hours are flagged")
    if result.differences:
        found += ["what is stored differs from what came in order", *result.differences]
    return found


def show(console: Console, results: list[Result]) -> None:
    """Print recall by kind of flaw and flags by rule, a column for each order."""
    recall = Table(title="Flaws found", box=SIMPLE, padding=(0, 1, 0, 0))
    recall.add_column("flaw")
    recall.add_column("found by", no_wrap=True)
    _add_columns(recall, results)
    for place, (flaw, (words, _)) in enumerate(FOUND_BY.items()):
        name = f"{flaw} *" if flaw in DEFINITE else str(flaw)
        recall.add_row(name, words, *(_share(one.recalls[place]) for one in results))
    console.print(recall)
    rest = Table(title="Figures (wrong of all)", caption="* must be found", box=SIMPLE, padding=(0, 1, 0, 0))
    rest.add_column("")
    _add_columns(rest, results)
    rest.add_row("hours off the truth", *(_wrong(one.hours) for one in results))
    rest.add_row("months off the truth", *(_wrong(one.months) for one in results))
    rest.add_row("days off hours or registers", *(_wrong(one.sums) for one in results))
    rest.add_row("MWh stored, true", *(f"{one.energy_mwh[0]:,.3f}, {one.energy_mwh[1]:,.3f}" for one in results))
    for rule in Rule:
        rest.add_row(
            f"good hours flagged {rule.label}",
            *(f"{one.flagged[rule]:,} ({one.flagged[rule] / max(one.good_hours, 1):.3%})" for one in results),
        )
    rest.add_row("good hours", *(f"{one.good_hours:,}" for one in results))
    rest.add_row("differences from in order", *(str(len(one.differences)) for one in results))
    console.print(rest)


def _add_columns(table: Table, results: list[Result]) -> None:
    for one in results:
        table.add_column(one.name, justify="right")


def _share(recall: Recall) -> str:
    return f"{recall.lines - len(recall.missed):,} of {recall.lines:,}"


def _wrong(compared: Compared) -> str:
    return f"{len(compared.wrong):,} of {compared.figures:,}"
