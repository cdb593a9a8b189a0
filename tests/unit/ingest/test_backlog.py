"""How long a reading has waited is told by when its partition grew beyond what is stored."""

from collections import deque

from aiokafka import TopicPartition

from services.ingest.backlog import Look, waited_s

ONE, OTHER = TopicPartition("meter-readings", 0), TopicPartition("meter-readings", 1)


def looks(*ends: tuple[int, int]) -> deque[Look]:
    """Give looks a second apart, each with the ends of two partitions."""
    return deque(Look(float(second), {ONE: one, OTHER: other}) for second, (one, other) in enumerate(ends))


def test_nothing_waits_where_everything_is_stored() -> None:
    assert waited_s(looks((5, 0), (9, 3)), {ONE: 9, OTHER: 3}, 10.0) == 0


def test_the_oldest_message_counts_and_not_how_many_wait() -> None:
    seen = looks((5, 0), (6, 0), (90_000, 1), (90_000, 1))
    assert waited_s(seen, {ONE: 6, OTHER: 1}, 3.5) == 1.5
    assert waited_s(seen, {ONE: 5, OTHER: 1}, 3.5) == 2.5
    assert waited_s(seen, {ONE: 90_000, OTHER: 0}, 3.5) == 1.5


def test_what_was_there_before_the_first_look_waits_at_least_since_then() -> None:
    assert waited_s(looks((5, 0), (5, 0)), {ONE: 2, OTHER: 0}, 7.0) == 7.0
