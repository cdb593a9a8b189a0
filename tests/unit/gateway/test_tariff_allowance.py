"""How many questions an address may ask of the tariff interface."""

import pytest

from services.gateway import allowance as of_addresses
from services.gateway.allowance import Allowance, sender


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_so_many_may_be_asked_at_once_and_then_one_each_part_of_a_minute() -> None:
    clock = Clock()
    allowance = Allowance(60, clock)
    assert [allowance.wait_s("a") for _ in range(60)] == [0.0] * 60
    assert allowance.wait_s("a") == pytest.approx(1.0)
    clock.now = 1.0
    assert [allowance.wait_s("a"), allowance.wait_s("b")] == [0.0, 0.0]
    assert allowance.wait_s("a") > 0


def test_a_refused_question_does_not_lengthen_the_wait() -> None:
    clock = Clock()
    allowance = Allowance(1, clock)
    allowance.wait_s("a")
    waits = [allowance.wait_s("a") for _ in range(5)]
    assert waits == [pytest.approx(60.0)] * 5


def test_a_long_quiet_allows_no_more_than_a_minutes_questions() -> None:
    clock = Clock()
    allowance = Allowance(2, clock)
    clock.now = 100_000.0
    assert [allowance.wait_s("a") > 0 for _ in range(3)] == [False, False, True]


def test_only_so_many_addresses_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_addresses, "MOST_ADDRESSES", 2)
    allowance = Allowance(1, Clock())
    assert [allowance.wait_s(name) for name in ("a", "b", "c", "a")] == [0.0] * 4
    assert allowance.wait_s("c") > 0


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("proxy", "proxy"),
    ],
)
def test_an_ipv6_network_counts_as_one_address(host: str, name: str) -> None:
    assert sender(host) == name
