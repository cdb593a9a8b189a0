"""Lines of a file that the profile does not ask for: passed over, counted and told."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.ingest.sources.lines import Lines
from services.ingest.sources.profile import Profile
from services.ingest.sources.quantities import NO_QUANTITY, places_of_quantities

MOST_QUANTITIES_TOLD = 10


class PassedOver:
    """Leaves out lines that [[only]] does not choose, and figures of quantities that nobody named."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._by_only = 0
        self._by_quantity: Counter[str] = Counter()

    def without(self, lines: Lines) -> Lines:
        """Give the lines that are read."""
        is_read = np.ones(len(lines.number), np.bool_)
        for one in self._profile.only:
            text = lines.texts[one.column]
            is_read &= pc.is_in(text, pa.array(one.equals, text.type)).to_numpy(zero_copy_only=False)
        self._by_only += int((~is_read).sum())
        chosen = lines if is_read.all() else lines.take(is_read)
        return chosen if self._profile.quantity is None else self._of_quantities(chosen)

    def _of_quantities(self, lines: Lines) -> Lines:
        is_other = places_of_quantities(lines, self._profile) == NO_QUANTITY
        if self._profile.quantity is None or not is_other.any():
            return lines
        others = pc.value_counts(lines.texts[self._profile.quantity.column].filter(pa.array(is_other)))
        self._by_quantity.update({one["values"]: one["counts"] for one in others.to_pylist()})
        return lines.take(~is_other)

    @property
    def notes(self) -> list[str]:
        """Say how many were passed over, and why."""
        notes = [f"{self._by_only:,} lines were passed over, by [[only]] in the profile"] if self._by_only else []
        if not self._by_quantity:
            return notes
        told = [f"{text or 'none'} ({count:,})" for text, count in self._by_quantity.most_common(MOST_QUANTITIES_TOLD)]
        more = len(self._by_quantity) - len(told)
        names = ", ".join(told) + (f" and {more:,} more" if more else "")
        return [*notes, f"figures of quantities that the profile does not name were passed over: {names}"]
