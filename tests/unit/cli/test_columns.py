"""What `kulvert show` calls its columns: each by the name of what stands in it."""

import pytest

from services.cli.shown import DAYS, Kind
from services.cli.sums import MONTHS, YEARS


@pytest.mark.parametrize("kind", [DAYS, MONTHS, YEARS], ids=["days", "months", "years"])
def test_days_months_and_years_show_their_revision_under_its_name_and_no_flags(kind: Kind) -> None:
    names = [column.name for column in kind.columns]
    assert names[names.index("quality") + 1] == "revision"
    assert "flags" not in names
