"""What a line says itself of the clock that it was read by: A and B, CEST and CET, summer and normal time."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.heat.arrays import UNKNOWN, Int64
from services.ingest.sources.repeated_hour import FIRST, SECOND


def passes(text: Any, marks: Sequence[str]) -> Int64:
    """Give the pass of autumn's hour that each mark says; UNKNOWN where a text is neither."""
    summer, normal = (pc.equal(text, mark).to_numpy(zero_copy_only=False) for mark in marks)
    return np.select([summer, normal], [FIRST, SECOND], UNKNOWN)


def taken_out(text: Any, marks: Sequence[str]) -> tuple[Any, Int64]:
    """Give times without the marks that stand behind the hour or at the end, and the pass that each says."""
    # The longer first: one mark may begin as the other does.
    either = "|".join(re.escape(mark) for mark in sorted(marks, key=len, reverse=True))
    found = pc.extract_regex(text, f"^(?P<before>.*[0-9]) ?(?P<mark>{either})(?P<after>(?:[:.][0-9:.]*)?)$")
    before, mark, after = (pc.struct_field(found, name) for name in ("before", "mark", "after"))
    plain = pc.binary_join_element_wise(before, after, pa.scalar("", text.type))
    return pc.coalesce(plain, text), passes(pc.fill_null(mark, ""), marks)
