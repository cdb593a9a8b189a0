"""How the demonstration tells what it does: one line a step with its seconds, and bars for what takes longer."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from services.cli.bars import progress_bar

Advance = Callable[[int], None]


class Steps:
    """Tells of steps as they are done."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._began

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        """Tell of a step while it is done and, with its seconds, once it is."""
        began = time.monotonic()
        with self._console.status(f"{words} ..."):
            yield
        self.say(f"{words} ({time.monotonic() - began:.1f} s)")

    @contextmanager
    def bar(self, words: str, total: int) -> Iterator[Advance]:
        """Show a bar for something counted; gives what moves it on by so many."""
        with progress_bar(self._console) as progress:
            task = progress.add_task(words, total=total)
            yield lambda count: progress.advance(task, count)

    def say(self, words: str) -> None:
        """Tell of something that is done, with the seconds since the beginning."""
        self._console.print(f"[dim]{self.seconds:6.1f} s[/dim]  {words}", highlight=False, soft_wrap=True)
