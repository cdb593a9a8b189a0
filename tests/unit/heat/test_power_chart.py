"""The chart of a measured power: what is drawn where, and what is told to those who do not see it."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.heat.power_methods.chart import BOTTOM, LEFT, RIGHT, TOP, Drawn, Words, power_chart
from services.heat.power_methods.measurement import Line

SVG = "{http://www.w3.org/2000/svg}"
WORDS = Words("chart", "Huset <Ek> & co", "Linjen faller.", "°C", "kW", measured="14,00 kW", in_force="I kraft: 9 kW")
HOUSE = Drawn(
    points=[(-8.0, 14.0), (-2.0, 11.0), (4.0, 8.0)],
    line=Line(slope_kw_per_c=-0.5, intercept_kw=10.0, r2=1.0),
    read_at_c=-5.0,
    measured_kw=12.5,
    in_force_kw=9.0,
)


def drawn(what: Drawn) -> ElementTree.Element:
    # Made here a moment ago, so nothing hostile is in it.
    return ElementTree.fromstring(power_chart(what, WORDS))  # noqa: S314


def circles(chart: ElementTree.Element, radius: str) -> list[tuple[float, float]]:
    found = [one for one in chart.iter(f"{SVG}circle") if one.get("r") == radius]
    return [(float(one.get("cx", "")), float(one.get("cy", ""))) for one in found]


def test_a_chart_has_a_title_and_a_text_that_are_read_aloud() -> None:
    chart = drawn(HOUSE)
    named = {one.get("id"): one.text for one in chart if one.get("id")}
    assert (chart.get("role"), chart.get("aria-labelledby")) == ("img", "chart-title chart-text")
    assert named == {"chart-title": "Huset <Ek> & co", "chart-text": "Linjen faller."}


def test_nothing_in_a_chart_is_styled_inline_or_run() -> None:
    chart = drawn(HOUSE)
    assert not {name for one in chart.iter() for name in one.attrib if name == "style" or name.startswith("on")}
    assert not {one.tag for one in chart.iter()} & {f"{SVG}script", f"{SVG}style"}


def test_each_day_is_a_point_and_a_warmer_day_stands_to_the_right_and_one_of_less_power_lower() -> None:
    points = circles(drawn(HOUSE), "3")
    assert len(points) == 3
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert [y for _, y in points] == sorted(y for _, y in points)


def test_the_value_stands_on_the_line_halfway_between_two_days_it_is_halfway_between() -> None:
    (cold, mild, _), [value] = circles(drawn(HOUSE), "3"), circles(drawn(HOUSE), "5")
    assert value == pytest.approx(((cold[0] + mild[0]) / 2, (cold[1] + mild[1]) / 2), abs=0.02)


def test_the_line_goes_on_to_a_temperature_that_no_day_had() -> None:
    read_off = replace(HOUSE, read_at_c=-15.0, measured_kw=17.5)
    [line] = [one for one in drawn(read_off).iter(f"{SVG}path") if "L" in one.get("d", "")]
    [(x, y)] = circles(drawn(read_off), "5")
    assert line.get("d", "").startswith(f"M{x} {y}L")


def test_a_line_that_would_fall_below_nothing_ends_there() -> None:
    steep = replace(HOUSE, points=[(-8.0, 14.0), (20.0, 0.0)])
    [line] = [one.get("d", "") for one in drawn(steep).iter(f"{SVG}path") if "L" in one.get("d", "")]
    assert line.endswith(f" {float(BOTTOM)}")


def test_a_peak_is_a_level_and_a_power_that_was_not_determined_is_no_mark() -> None:
    peak = replace(HOUSE, line=None, read_at_c=None)
    assert circles(drawn(peak), "5") == []
    assert "14,00 kW" in power_chart(peak, WORDS)
    none = replace(peak, measured_kw=None, in_force_kw=None)
    assert "14,00 kW" not in power_chart(none, WORDS)
    assert "I kraft" not in power_chart(none, WORDS)


@given(
    st.lists(st.tuples(st.floats(-40, 40), st.floats(0, 1e6)), max_size=12),
    st.floats(-20, 20),
    st.floats(0.01, 1e6),
)
def test_whatever_is_drawn_stays_within_the_axes(
    points: list[tuple[float, float]], read_at_c: float, measured_kw: float
) -> None:
    line = Line(-1.0, measured_kw + read_at_c, 1.0)
    chart = drawn(Drawn(points, line, read_at_c, measured_kw))
    for x, y in [*circles(chart, "3"), *circles(chart, "5")]:
        assert LEFT <= x <= RIGHT
        assert TOP <= y <= BOTTOM
