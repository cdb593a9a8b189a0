"""The standard chart of a measured power: its days, its line, and the value at the temperature that is read off."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil, floor, log10
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from services.heat.power_methods.measurement import Line

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 60, 620, 36, 346
MOST_TICKS = 8


@dataclass(frozen=True)
class Drawn:
    """What is drawn. points: mean temperature and kW of each day, the ones without a temperature left out.

    read_at_c: where the line is read off, None for a method without one; then measured_kw is drawn as a level.
    """

    points: Sequence[tuple[float, float]]
    line: Line | None = None
    read_at_c: float | None = None
    measured_kw: float | None = None
    in_force_kw: float | None = None


@dataclass(frozen=True)
class Words:
    """The chart's texts, in whatever language; title and text are what is read to those who do not see it.

    key: makes the ids of the parts unique on a page.
    """

    key: str
    title: str
    text: str
    temperature: str
    power: str
    measured: str = ""
    in_force: str = ""


class _Tick(NamedTuple):
    at: float
    label: str


class _Scale(NamedTuple):
    """A round span of values laid over a span of the picture."""

    first: float
    step: float
    steps: int
    begins_at: float
    ends_at: float

    def at(self, value: float) -> float:
        return round(self.begins_at + self._share(value) * (self.ends_at - self.begins_at), 2)

    def ticks(self) -> list[_Tick]:
        decimals = max(0, -floor(log10(self.step)))
        values = [self.first + number * self.step for number in range(self.steps + 1)]
        return [_Tick(self.at(value), f"{value:.{decimals}f}".replace("-", "−")) for value in values]

    def _share(self, value: float) -> float:
        return (value - self.first) / (self.step * self.steps)


def power_chart(drawn: Drawn, words: Words) -> str:
    """Draw a power as SVG that stands by itself or in a page; nothing in it is styled inline or run."""
    celsius, kw = _scales(drawn)
    is_read_off = drawn.line is not None and drawn.read_at_c is not None and drawn.measured_kw is not None
    return _template().render(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=RIGHT,
        top=TOP,
        bottom=BOTTOM,
        words=words,
        key=words.key,
        ticks_c=celsius.ticks(),
        ticks_kw=kw.ticks(),
        points=[{"x": celsius.at(mean_c), "y": kw.at(power)} for mean_c, power in drawn.points],
        line=_line(drawn, celsius, kw),
        read_off={"x": celsius.at(drawn.read_at_c or 0), "y": kw.at(drawn.measured_kw or 0)} if is_read_off else None,
        level=None if drawn.measured_kw is None else kw.at(drawn.measured_kw),
        in_force=None if drawn.in_force_kw is None else kw.at(drawn.in_force_kw),
    )


def _scales(drawn: Drawn) -> tuple[_Scale, _Scale]:
    celsius = [mean_c for mean_c, _ in drawn.points]
    if drawn.line is not None and drawn.read_at_c is not None:
        celsius.append(drawn.read_at_c)
    powers = [0.0, *(kw for _, kw in drawn.points), drawn.measured_kw or 0, drawn.in_force_kw or 0]
    return _scale(celsius or [-10, 10], LEFT, RIGHT), _scale(powers, BOTTOM, TOP)


def _scale(values: Sequence[float], begins_at: float, ends_at: float) -> _Scale:
    lowest, highest = min(values), max(values)
    span = (highest - lowest) or 1.0
    magnitude = 10.0 ** floor(log10(span / MOST_TICKS))
    step = next(one * magnitude for one in (1, 2, 5, 10, 20) if span <= one * magnitude * (MOST_TICKS - 2))
    first = floor(lowest / step) * step
    return _Scale(first, step, max(1, ceil((highest - first) / step)), begins_at, ends_at)


def _line(drawn: Drawn, celsius: _Scale, kw: _Scale) -> dict[str, float] | None:
    """Draw the line from the coldest to the mildest of its days, and on to where it is read off; never below zero."""
    if drawn.line is None:
        return None
    ends = [mean_c for mean_c, _ in drawn.points] + ([] if drawn.read_at_c is None else [drawn.read_at_c])
    slope, intercept = drawn.line.slope_kw_per_c, drawn.line.intercept_kw
    (cold, at_cold), (mild, at_mild) = ((end, intercept + slope * end) for end in (min(ends), max(ends)))
    if at_mild < 0 < at_cold:
        mild, at_mild = -intercept / slope, 0.0
    return {"x1": celsius.at(cold), "y1": kw.at(at_cold), "x2": celsius.at(mild), "y2": kw.at(at_mild)}


@cache
def _template() -> Template:
    folder = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=folder, autoescape=True, undefined=StrictUndefined)
    return environment.get_template("power_chart.svg.j2")
