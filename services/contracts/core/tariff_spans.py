"""The days on which each version of a price list counts, and tariffs cut to them."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID, uuid5

from schemas.tariffs import (
    DateInterval,
    EfficiencyComponent,
    EnergyComponent,
    FixedComponent,
    PowerComponent,
    Tariff,
)

Component = FixedComponent | EnergyComponent | PowerComponent | EfficiencyComponent
GROUPS = ("fixed_price", "energy_price", "power_price", "efficiency_price")


def left_of(span: DateInterval, taken: Iterable[DateInterval]) -> list[DateInterval]:
    """Give the days of a span that none of the others hold, as spans in order."""
    left = [span]
    for other in taken:
        left = [part for one in left for part in _without(one, other)]
    return sorted(left, key=lambda one: one.from_including)


def _without(span: DateInterval, other: DateInterval) -> Iterator[DateInterval]:
    if other.to_excluding <= span.from_including or span.to_excluding <= other.from_including:
        yield span
        return
    if span.from_including < other.from_including:
        yield DateInterval(from_including=span.from_including, to_excluding=other.from_including)
    if other.to_excluding < span.to_excluding:
        yield DateInterval(from_including=other.to_excluding, to_excluding=span.to_excluding)


def common(one: DateInterval, other: DateInterval) -> DateInterval | None:
    """Give the days that two spans share, or None where they share none."""
    first = max(one.from_including, other.from_including)
    end = min(one.to_excluding, other.to_excluding)
    return DateInterval(from_including=first, to_excluding=end) if first < end else None


def cut(tariff: Tariff, span: DateInterval) -> Tariff:
    """Give a tariff as it counts on the days of a span alone: nothing in it reaches outside."""
    if span == tariff.valid_period:
        return tariff
    groups = {}
    for name in GROUPS:
        group = getattr(tariff, name)
        kept = tuple(_cut_all(group.components, span))
        groups[name] = group.model_copy(update={"components": kept})
    return tariff.model_copy(update={**groups, "valid_period": span})


def _cut_all(components: Sequence[Component], span: DateInterval) -> Iterator[Component]:
    for one in components:
        within = common(one.valid_period, span)
        if within is not None:
            yield one.model_copy(update={"valid_period": within})


def renamed(tariff: Tariff, why: str) -> Tariff:
    """Give a tariff whose own id, and every id in it, is another one, and always the same other one."""

    def other(known: UUID) -> UUID:
        return uuid5(known, why)

    groups = {}
    for name in GROUPS:
        group = getattr(tariff, name)
        components = tuple(one.model_copy(update={"id": other(one.id)}) for one in group.components)
        groups[name] = group.model_copy(update={"id": other(group.id), "components": components})
    return tariff.model_copy(update={**groups, "id": other(tariff.id)})
