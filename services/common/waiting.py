"""How long messages wait: the figure by which operators see that a consumer is stuck, whatever holds it."""

import time
from collections import defaultdict
from weakref import WeakSet

from services.common import metrics


class Waiting:
    """The age of the oldest message that is not processed; it grows by itself for as long as nobody says otherwise.

    So it grows as well while a batch is worked on, while the consumer cannot join its group and while the broker
    gives it nothing. Only one who knows that nothing waits ends it.
    """

    def __init__(self, label: str) -> None:
        self._since_s: float | None = time.time()
        together = _together[label]
        together.add(self)
        # Reckoned when it is asked for: whoever stands still cannot say how long he has.
        metrics.OLDEST_UNPROCESSED_SECONDS.labels(label).set_function(
            lambda: max((one.seconds() for one in together), default=0.0)
        )

    def seconds(self) -> float:
        """Give the age; 0 where nothing waits. Where the message is not known, since when something may wait."""
        return 0.0 if self._since_s is None else max(0.0, time.time() - self._since_s)

    def taken(self, oldest_s: float) -> None:
        """Say when the oldest message being worked on came, in seconds since 1970. What follows it is younger."""
        self._since_s = oldest_s

    def nothing_taken(self, is_level: bool) -> None:
        """Say that there was nothing to take, and whether it is known that nothing waits."""
        if is_level:
            self._since_s = None
        elif self._since_s is None:
            self._since_s = time.time()


_together: defaultdict[str, WeakSet[Waiting]] = defaultdict(WeakSet)
"""By label, the loops of this process that share a topic; the one furthest behind counts."""
