import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.core import formats
from services.gateway.core.spans import Resolution, Span, hour_starts, span
from services.gateway.core.status import Status, silent_without_from, status
from services.gateway.portal.security import form_token, inside, is_form_token
from services.gateway.portal.words import ENGLISH, SWEDISH

ZONE = ZoneInfo("Europe/Stockholm")
NEWEST = date(2026, 11, 23)


def test_swedish_numbers_have_a_hard_space_a_comma_and_a_true_minus() -> None:
    assert formats.number(Decimal("-1234.45"), 1, "sv") == "\u22121\u00a0234,5"
    assert formats.number(1234.5, 1, "en") == "1,234.5"
    assert formats.number(None, 1, "sv") == "–"
    assert formats.number(Decimal("1e9"), 0, "sv") == "1\u00a0000\u00a0000\u00a0000"
    assert formats.number(Decimal("-0.04"), 1, "sv") == "0,0"


@given(st.decimals(-(10**9), 10**9, places=4), st.integers(1, 3), st.sampled_from(["sv", "en"]))
def test_a_number_is_written_as_its_language_writes_it(value: Decimal, decimals: int, language: str) -> None:
    rounded = value.quantize(Decimal(1).scaleb(-decimals), "ROUND_HALF_UP") + 0
    babels = format_decimal(rounded, f"#,##0.{'0' * decimals}", locale=language)
    assert formats.number(value, decimals, language) == babels.replace("-", "\u2212")


def test_money_is_kronor() -> None:
    assert formats.money(123_450, "sv") == "1\u00a0234,50\u00a0kr"
    assert formats.money(123_450, "en") == "SEK\u00a01,234.50"


def test_the_hour_that_comes_twice_says_which_it_is() -> None:
    hours = [start.astimezone(ZONE) for start in hour_starts(Span(date(2025, 10, 26), date(2025, 10, 26)), ZONE)]
    labels = [formats.hour_label(hour, "sv") for hour in hours]
    assert len(set(labels)) == len(labels) == 25
    assert labels[2].endswith("sommartid")
    assert labels[3].endswith("normaltid")


def test_the_day_when_the_clock_goes_forward_has_23_hours() -> None:
    assert len(hour_starts(Span(date(2026, 3, 29), date(2026, 3, 29)), ZONE)) == 23


def test_a_span_that_cannot_be_shown_becomes_the_year() -> None:
    year = Span(date(2025, 11, 24), NEWEST)
    for first, last in (
        ("x", "y"), ("2026-02-01", "2026-01-01"), ("0001-01-01", "0001-01-02"), ("9999-12-31", "9999-12-31"),
        (None, None),
    ):  # fmt: skip
        assert span(first, last, NEWEST) == year
    assert year.resolution is Resolution.DAY
    assert span("2026-01-01", "2026-01-31", NEWEST).resolution is Resolution.HOUR


def test_an_open_alert_is_worse_than_silence() -> None:
    assert status(is_silent=True, has_open_alert=True) is Status.ALERT
    assert status(is_silent=True, has_open_alert=False) is Status.MISSING
    assert status(is_silent=False, has_open_alert=False) is Status.NORMAL


def test_silence_begins_at_the_end_of_the_newest_hour() -> None:
    now = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
    # The hour from 6:30 to 7:30 the day before has ended 24 hours ago.
    assert silent_without_from(now, timedelta(hours=24)) == datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def test_both_languages_have_the_same_words() -> None:
    assert SWEDISH.keys() == ENGLISH.keys()
    for name, text in SWEDISH.items():
        if isinstance(text, dict):
            assert text.keys() == ENGLISH[name].keys()
        else:
            assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", ENGLISH[name])), name


def test_a_form_token_belongs_to_one_session() -> None:
    assert is_form_token("one", form_token("one"))
    assert not is_form_token("one", form_token("two"))
    assert not is_form_token("one", "")


def test_only_paths_of_this_site_are_gone_on_to() -> None:
    assert inside("/facilities/x") == "/facilities/x"
    assert {inside(path) for path in ("//e.se", "https://e.se", "/\\e.se", "", "/a\nb")} == {"/start"}


def test_a_moment_is_local() -> None:
    assert formats.moment(datetime(2026, 1, 1, tzinfo=UTC).astimezone(ZONE)) == "2026-01-01 01:00"


@pytest.mark.parametrize(
    ("text", "decimals", "written"),
    [
        ("562", 2, "562,00"),
        ("0.7525", 2, "0,7525"),
        ("22.50", 0, "22,5"),
        ("1500", 0, "1 500"),
        ("-19.25", 1, "−19,25"),
    ],
)
def test_a_price_lists_number_has_all_decimals_that_it_is_written_with(text: str, decimals: int, written: str) -> None:
    assert formats.as_written(text, decimals, "sv").replace("\u00a0", " ") == written
