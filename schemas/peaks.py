"""Powers by peaks as data: of the N highest days, or days' highest hours, of twelve months or of the month billed."""

from collections.abc import Mapping
from typing import Final, NamedTuple

MOST_PEAKS = 12


class _Words(NamedTuple):
    """Texts of one and of several."""

    counts: tuple[str, ...]
    day: tuple[str, str]
    hour: tuple[str, str]
    year: tuple[str, str]
    month: tuple[str, str]
    one_a_day: str


_WORDS: Final[Mapping[str, _Words]] = {
    "sv": _Words(
        counts=("en", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv"),
        day=("dygnsmedeleffekt", "dygnsmedeleffekterna"),
        hour=("timmedeleffekt", "timmedeleffekterna"),
        year=("högsta {what} på tolv månader", "medel av de {count} högsta {what} på tolv månader"),
        month=("högsta {what} i månaden", "medel av de {count} högsta {what} i månaden"),
        one_a_day=", högst en per dygn",
    ),
    "en": _Words(
        counts=("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
        day=("daily mean power", "daily means"),
        hour=("hourly mean power", "hourly means"),
        year=("highest {what} of twelve months", "mean of the {count} highest {what} of twelve months"),
        month=("highest {what} of the month", "mean of the {count} highest {what} of the month"),
        one_a_day=", one a day at most",
    ),
}


class PeakRule(NamedTuple):
    """The mean of so many highest daily means, or of days' highest hours, of which a day gives one."""

    number: int
    is_of_hours: bool
    is_of_month: bool
    """True where each month has a power of its own, False where one of the last twelve months lasts."""

    @property
    def name(self) -> str:
        """What price lists call it."""
        whose = "month_highest" if self.is_of_month else "highest"
        return f"{whose}_{self.number}_{'hours' if self.is_of_hours else 'days'}"

    def said(self, language: str) -> str:
        """Say it in words, in `sv` or `en`."""
        words = _WORDS[language]
        are_several = self.number > 1
        what = (words.hour if self.is_of_hours else words.day)[are_several]
        text = (words.month if self.is_of_month else words.year)[are_several]
        said = text.format(count=words.counts[self.number - 1], what=what)
        return said + words.one_a_day if self.is_of_hours and are_several else said


PEAK_RULES: Final[Mapping[str, PeakRule]] = {
    rule.name: rule
    for rule in (
        PeakRule(number, is_of_hours, is_of_month)
        for is_of_month in (False, True)
        for is_of_hours in (False, True)
        for number in range(1, MOST_PEAKS + 1)
    )
}
"""By the name that price lists call them by."""
