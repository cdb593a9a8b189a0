"""How the suite is shared out between processes fits what the tests share."""

from deploy.local.folder import ROOT
from tests.side_by_side import ALONE, LONGEST_FIRST, TOGETHER

OWN = 'scope="' + 'package"'
"""Put together, so that this file does not hold what it looks for."""


def test_a_folder_with_fixtures_of_its_own_is_run_by_one_process() -> None:
    holders = [path for path in (ROOT / "tests").rglob("*.py") if OWN in path.read_text()]
    assert {f"{path.parent.relative_to(ROOT)}/" for path in holders} == set(TOGETHER)


def test_what_is_named_where_tests_are_shared_out_is_there() -> None:
    assert [name for name in (*TOGETHER, *ALONE, *LONGEST_FIRST) if not (ROOT / name).exists()] == []
