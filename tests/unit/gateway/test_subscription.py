"""What a visitor reads of his subscription power, and of a period's energy."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.gateway.core.charts import day_chart
from services.gateway.core.spans import Span, neighbours
from services.gateway.core.subscription import coming, in_force, kilowatts, verdict
from services.gateway.core.sums import change, sums
from services.gateway.portal.words import WORDS
from services.heat.power_methods.decision import Decision
from services.heat.power_methods.measurement import Reason

TODAY = date(2026, 11, 25)
POWERS: list[dict[str, Any]] = [
    {"valid_from": date(2027, 1, 1), "kw": Decimal(63)},
    {"valid_from": date(2026, 12, 1), "kw": Decimal(57)},
    {"valid_from": date(2026, 11, 25), "kw": Decimal(60)},
    {"valid_from": date(2020, 1, 1), "kw": Decimal(50)},
]


def found(**changes: Any) -> dict[str, Any]:
    return {
        "winter": "2025/2026", "method": "minus_five", "measured_kw": Decimal("63.40"), "in_force_kw": Decimal("60.00"),
        "decision": "changed", "reason": None, "effective_on": date(2026, 5, 1),
    } | changes  # fmt: skip


def test_the_power_in_force_is_the_newest_that_has_begun() -> None:
    assert in_force(POWERS, TODAY) == POWERS[2]
    assert in_force(POWERS, date(2019, 12, 31)) is None


def test_the_coming_power_is_the_next_one_and_not_the_last() -> None:
    assert coming(POWERS, TODAY) == POWERS[1]
    assert coming(POWERS, date(2027, 1, 1)) is None


def test_a_power_has_decimals_only_where_it_was_entered_with_some() -> None:
    assert [kilowatts(Decimal(kw), "sv") for kw in ("60.00", "12.50")] == ["60", "12,50"]


@pytest.mark.parametrize("language", list(WORDS))
def test_every_decision_and_every_reason_is_said_in_words(language: str) -> None:
    words = WORDS[language]
    for decision in Decision:
        if decision is not Decision.NOT_DETERMINED:
            assert "2025/2026" in verdict(found(decision=decision.value), words, language)
    for reason in Reason:
        said = verdict(found(measured_kw=None, decision="not_determined", reason=reason.value), words, language)
        assert words[f"reason_{reason.value}"] in said


def test_a_verdict_gives_the_deviation_with_its_sign() -> None:
    said = verdict(found(), WORDS["sv"], "sv").replace("\u00a0", " ")
    assert said.startswith("Vintern 2025/2026: 63,40 kW vid −5 °C mot 60 kW i kraft, +5,7 %.")
    assert "−4,7 %" in verdict(found(measured_kw=Decimal("57.20")), WORDS["sv"], "sv").replace("\u00a0", " ")


def test_a_yearly_energy_is_said_in_mwh_and_without_a_temperature() -> None:
    measured = found(method="yearly_energy", measured_kw=Decimal("20.25"), in_force_kw=Decimal("14.90"))
    said = verdict(measured, WORDS["sv"], "sv").replace("\u00a0", " ")
    assert said == "2025/2026: 20,25 MWh mot 14,90 MWh i kraft, +35,9 %. Ändras från 2026-05-01."
    for decision in ("same_kw", "changed"):
        for language, words in WORDS.items():
            assert "kW" not in verdict(measured | {"decision": decision}, words, language)
    assert "20,25" in verdict(measured | {"in_force_kw": None}, WORDS["sv"], "sv")


def days(energies: list[int | None], first: date = date(2026, 3, 1), **other: Any) -> list[dict[str, Any]]:
    return [
        {
            "day": first + timedelta(days=index), "energy_wh": energy, "maximum_hour_wh": energy, "quality": "measured",
            "hours_expected": 24, "hours_measured": 24, "outdoor_c": None, **other,
        }
        for index, energy in enumerate(energies)
    ]  # fmt: skip


def test_a_period_is_compared_only_where_every_day_has_its_counterpart() -> None:
    before = days([100, 100, 100], date(2025, 3, 1))
    assert change(days([110, 110, 110]), before) == pytest.approx(10)
    assert change(days([110, None, 110]), before) is None
    assert change(days([110, 110, 110]), before[:2]) is None
    assert change(days([110, 110, 110], points=3), [row | {"points": 2} for row in before]) is None


def test_an_estimated_hour_is_never_the_highest() -> None:
    hours = [{"energy_wh": 9000, "quality": "estimated"}, {"energy_wh": 4000, "quality": "measured"}]
    assert sums(hours, [])["highest_wh"] == 4000
    assert sums(hours, [])["measured"] == 50


def test_a_period_without_figures_has_no_sum_and_not_zero() -> None:
    assert sums([], []) == {"energy_wh": None, "highest_wh": None, "measured": None, "change": None}


def test_nothing_comes_after_the_newest_day() -> None:
    newest = date(2026, 11, 24)
    assert neighbours(Span(date(2026, 11, 18), newest), newest)["later"] is None
    assert neighbours(Span(date(2026, 11, 11), date(2026, 11, 17)), newest)["later"] == Span(date(2026, 11, 18), newest)


@pytest.mark.parametrize(("count", "ticks"), [(31, ["2 mars", "9 mars", "16 mars", "23 mars", "30 mars"]), (100, 4)])
def test_a_month_is_marked_by_its_mondays_and_a_year_by_its_months(count: int, ticks: list[str] | int) -> None:
    chart = day_chart(days([1] * count), [], Span(date(2026, 3, 1), date(2026, 3, 1) + timedelta(count - 1)), [], "sv")
    named = [tick for tick in chart["ticks"] if tick]
    assert (named if isinstance(ticks, list) else len(named)) == ticks
