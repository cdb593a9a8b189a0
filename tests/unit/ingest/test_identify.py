"""Names of meters and metering points."""

import numpy as np

from services.ingest.core.identify import Names


def test_a_name_s_number_comes_from_its_letters_and_not_from_where_it_is_stored() -> None:
    # CRC-32 of "123456789", as every table of check values gives it.
    given = Names(np.array([0, -1, 1, 0]), ["123456789", "A"])
    first, unnamed, other, again = given.digests().tolist()
    assert (first, unnamed, again) == (0xCBF43926, 0, 0xCBF43926)
    assert other not in (first, unnamed)


def test_an_unknown_name_and_no_name_are_told_apart() -> None:
    assert Names(np.array([0, 1, -1]), ["A", "B"]).looked_up({"A": 7}).tolist() == [7, 0, -1]
