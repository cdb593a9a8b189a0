"""One town's traffic on the running system, beside which faults happen."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

from tests.faults import levels
from tests.faults.senders import Senders
from tests.faults.system import System
from tests.faults.traffic import BILLED, Traffic, real_data, traffic

LEVEL_TIMEOUT_S = 60.0
"""So long after the last fault and the last delivery everything is stored, told and committed."""
LOOK_AGAIN_S = 0.2


class Run:
    """Sends a town's traffic in two halves: the billed month, and what comes in while that month is closed."""

    def __init__(self, system: System, name: str, seed: int) -> None:
        self.town: Traffic = traffic(name, seed, real_data())
        self.senders = Senders(system, self.town)
        self._system = system
        self._late = self.town.points[8:10]

    def register(self) -> None:
        """Put everything that must be known before readings come, but two points' meters."""
        self.senders.register(self._late)

    def send_before(self, over_s: float = 0.0) -> None:
        """Send the billed month, its weather, and halfway the late meters, spread over a time."""
        half = len(self.town.before) // 2
        with ThreadPoolExecutor(1) as threads:
            weather = threads.submit(self.senders.send_weather, over_s)
            self.senders.send(self.town.before[:half], over_s / 2)
            self.put_late_meters()
            self.senders.send(self.town.before[half:], over_s / 2)
            weather.result()

    def put_late_meters(self) -> None:
        """Put the meters of the two points that nobody knew the meters of."""
        self.senders.put_meters(self._late)

    def send_after(self, over_s: float = 0.0) -> None:
        """Send the rest, and meanwhile change every contract and close the month over and over."""
        enough = Event()
        with ThreadPoolExecutor(2) as threads:
            changing = threads.submit(self.senders.change_contracts, over_s)
            closing = threads.submit(self.senders.close_again_and_again, BILLED, enough)
            try:
                self.senders.send(self.town.after, over_s)
            finally:
                enough.set()
            changing.result()
            closing.result()

    def wait_until_level(self) -> float:
        """Wait until all that was sent is stored, told and committed everywhere; gives the seconds it took."""
        began, left = time.monotonic(), ["nothing was looked at"]
        while left and time.monotonic() < began + LEVEL_TIMEOUT_S:
            left = levels.behind(self._system)
            time.sleep(LOOK_AGAIN_S if left else 0)
        assert not left, f"not level after {LEVEL_TIMEOUT_S:g} s: {left[:10]}\n{self._system.last_words()}"
        return time.monotonic() - began

    def close(self) -> None:
        """Close the billed month once more, when everything that bears on it is there."""
        self.senders.close(BILLED)
        self.wait_until_level()

    def undisturbed(self) -> None:
        """Send everything, with nothing else happening."""
        self.register()
        for send in (self.send_before, self.send_after):
            send()
            self.wait_until_level()
        self.close()


def beside(send: Callable[[float], None], over_s: float) -> Future[None]:
    """Begin to send in the background; the future ends when all is acknowledged, or with what went wrong."""
    threads = ThreadPoolExecutor(1)
    sending = threads.submit(send, over_s)
    threads.shutdown(wait=False)
    return sending
