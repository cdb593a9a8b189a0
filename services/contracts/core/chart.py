"""A determination drawn as the standard chart, and told in words, in Swedish or English."""

from decimal import Decimal
from enum import StrEnum

from babel.numbers import format_decimal

from schemas.price_list_terms import PowerMethod
from services.contracts.core.chart_words import METHOD_NAMES, WORDS
from services.contracts.core.determination import Findings
from services.contracts.core.methods import rule_of
from services.heat.power_methods.chart import Drawn, Words, power_chart
from services.heat.power_methods.measurement import Line, Statistic


class Language(StrEnum):
    """What a chart's words are written in."""

    SWEDISH = "sv"
    ENGLISH = "en"


def svg_of(findings: Findings, name: str, in_force_kw: Decimal | None, language: Language) -> str:
    """Draw what a determination found; name: of the metering point, in_force_kw: what it was compared with."""
    drawn = Drawn(
        points=[(point.mean_c, point.kw) for point in findings.points if point.mean_c is not None],
        line=_line(findings),
        read_at_c=rule_of(findings.method).read_at_c,
        measured_kw=None if findings.measured_kw is None else float(findings.measured_kw),
        in_force_kw=None if in_force_kw is None else float(in_force_kw),
    )
    words = WORDS[language]
    is_energy = findings.method is PowerMethod.YEARLY_ENERGY
    unit = "MWh" if is_energy else "kW"
    measured = "" if findings.measured_kw is None else f"{_number(findings.measured_kw, language)} {unit}"
    in_force = "" if in_force_kw is None else words["in_force"].format(kw=_number(in_force_kw, language), unit=unit)
    is_mean = rule_of(findings.method).statistic is Statistic.MEAN_POWER
    texts = Words(
        key="power-chart",
        title=words["title_energy" if is_energy else "title"].format(name=name, winter=findings.winter),
        text=" ".join(_sentences(findings, in_force, language)),
        temperature=words["temperature"],
        power=words["daily_mean"] if is_mean else words["highest_hour"],
        measured=measured,
        in_force=in_force,
    )
    return power_chart(drawn, texts)


def _line(findings: Findings) -> Line | None:
    slope, intercept, r2 = findings.slope_kw_per_c, findings.intercept_kw, findings.r2
    return None if slope is None or intercept is None or r2 is None else Line(slope, intercept, r2)


def _sentences(findings: Findings, in_force: str, language: Language) -> list[str]:
    words = WORDS[language]
    said = [words["method"].format(method=METHOD_NAMES[language][findings.method])]
    if findings.window_from is not None:
        said.append(
            words["period"].format(first=findings.window_from, last=findings.window_to, days=len(findings.points))
        )
    if findings.slope_kw_per_c is not None and findings.r2 is not None:
        slope, r2 = _number(abs(findings.slope_kw_per_c), language), _number(findings.r2, language)
        said.append(words["falls" if findings.slope_kw_per_c < 0 else "rises"].format(slope=slope, r2=r2))
    if findings.measured_kw is None:
        said.append(words["undetermined"])
    else:
        name = "measured_energy" if findings.method is PowerMethod.YEARLY_ENERGY else "measured"
        said.append(words[name].format(kw=_number(findings.measured_kw, language)))
    return [*said, *([f"{in_force}."] if in_force else [])]


def _number(value: Decimal | float, language: Language) -> str:
    return str(format_decimal(value, format="#,##0.00", locale=language.value))
