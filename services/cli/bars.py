"""The bar that commands show while something counted goes on."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text


class _Rate(ProgressColumn):
    """How many were done a second, from the beginning on."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.completed / task.elapsed if task.elapsed else 0:,.0f}/s")


def progress_bar(console: Console) -> Progress:
    """Give a bar with count, rate and the time that is left."""
    # In a narrow window the bar gives way, never a figure.
    whole = Column(no_wrap=True)
    columns = (
        TextColumn("{task.description:>8}"),
        BarColumn(),
        MofNCompleteColumn(table_column=whole),
        _Rate(table_column=whole),
        TimeRemainingColumn(table_column=whole),
    )
    return Progress(*columns, console=console)
