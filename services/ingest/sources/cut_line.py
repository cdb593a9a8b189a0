"""A file's last line that ends without a line break, as where a transfer broke off within it."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.heat.arrays import Int64
from services.ingest.sources.header import Layout
from services.ingest.sources.profile import Profile
from services.ingest.sources.profile_parts import Place
from services.ingest.sources.refusals import Fault

FEWEST_OTHERS = 50
"""Where a program leaves out zeros, a last figure with fewer decimals than so many others is one file in thousands."""

LINE_CUT = Fault(
    "line_cut",
    "the file ends here without a line break, and what stands last is shorter than in all other lines, as where it was"
    " cut; fetch the file anew",
)


def open_line(data: bytes, line_end: bytes) -> int:
    """Give the number of the last line, where nothing ends it; else 0."""
    return 0 if data.endswith((b"\n", b"\r")) else data.count(line_end) + 1


def is_cut(texts: dict[Place, pa.Array], where: Layout, profile: Profile) -> Int64:
    """Give 1 for the last line where it ends within a time or a figure, which is then too short for one; else 0.

    texts: (n,) Arrow strings by column, which end with the file. A register that is cut before its decimals falls, and
    the worker sees it; one cut within them may still rise, and a time without its offset is another time.
    """
    count = len(next(iter(texts.values())))
    cut = np.zeros(count, np.int64)
    place = next(place for place, at in where.by_column.items() if at == max(where.by_column.values()))
    if where.by_column[place] != where.width - 1 or count <= FEWEST_OTHERS or not _has_a_time(texts, place, profile):
        return cut
    written = texts[place]
    if place in profile.time.places:
        length = pc.utf8_length(written)
    elif isinstance(place, int) or place in {value.column for value in profile.values}:
        fraction = pc.struct_field(pc.extract_regex(written, f"[{profile.decimal}](?P<digits>[0-9]*)$"), "digits")
        length = pc.utf8_length(pc.fill_null(fraction, ""))
    else:
        return cut
    others = length.filter(pc.not_equal(written, ""))[:-1]
    cut[-1] = written[-1].as_py() != "" and len(others) >= FEWEST_OTHERS and length[-1].as_py() < pc.min(others).as_py()
    return cut


def _has_a_time(texts: dict[Place, pa.Array], last: Place, profile: Profile) -> bool:
    """Tell a line of data from a total by its time, which is written as another one; unless it is what may be cut."""
    if last in profile.time.places or profile.time.column not in texts:
        return True
    forms = pc.replace_substring_regex(texts[profile.time.column], "[0-9]+", "0")
    return bool(pc.is_in(forms[-1], forms[:-1]).as_py())
