"""The chain of issued invoices: whatever is done to it afterwards shows, at its end as well."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.billing.core.chain import BEGINNING, DIGEST, Break, Flaw, Series, break_at_end, chained, follow

FIRST = 100_001
Link = tuple[dict[str, Any], list[dict[str, Any]]]


def year_of(count: int) -> tuple[list[Link], Series]:
    """A year's invoices as they are issued, and the number series as they leave it."""
    digest, links = BEGINNING, []
    for sequence in range(FIRST, FIRST + count):
        invoice, lines = {"sequence": sequence, "total_ore": 100}, [{"line": 1, "amount_ore": 100}]
        digest = chained(digest, invoice, lines)
        links.append(({**invoice, DIGEST: digest}, lines))
    return links, Series(FIRST + count, digest)


def break_of(links: list[Link], issued: Series) -> Break | None:
    at, broken = follow(links, Series())
    return broken or break_at_end(at, issued)


def test_the_chain_changes_with_every_invoice_before() -> None:
    first, other = chained(BEGINNING, {"total_ore": 1}, []), chained(BEGINNING, {"total_ore": 2}, [])
    assert first != other
    assert chained(first, {"total_ore": 3}, []) != chained(other, {"total_ore": 3}, [])


def test_the_chain_does_not_depend_on_the_order_of_fields() -> None:
    assert chained(BEGINNING, {"a": 1, "b": "å"}, []) == chained(BEGINNING, {"b": "å", "a": 1}, [])


@given(st.integers(0, 8), st.integers(0, 8))
def test_what_was_issued_holds_in_whatever_stretches_it_is_followed(count: int, cut: int) -> None:
    links, issued = year_of(count)
    at, broken = follow(links[:cut], Series())
    assert broken is None
    at, broken = follow(links[cut:], at)
    assert (at, broken, break_at_end(at, issued)) == (issued, None, None)
    assert issued.count == count


@given(st.integers(1, 8), st.data())
def test_the_first_deleted_invoice_is_named(count: int, data: st.DataObject) -> None:
    links, issued = year_of(count)
    gone = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    left = [link for place, link in enumerate(links) if place not in gone]
    assert break_of(left, issued) == Break(FIRST + min(gone), Flaw.MISSING)


@given(st.integers(1, 8), st.data())
def test_a_changed_line_is_found_at_its_invoice(count: int, data: st.DataObject) -> None:
    links, issued = year_of(count)
    place = data.draw(st.integers(0, count - 1))
    links[place] = (links[place][0], [{"line": 1, "amount_ore": 99}])
    assert break_of(links, issued) == Break(FIRST + place, Flaw.CHANGED)


def test_a_newest_invoice_that_was_written_anew_with_its_digest_is_found_by_the_series() -> None:
    links, issued = year_of(2)
    (first, _), (last, lines) = links
    other = {"sequence": last["sequence"], "total_ore": 1}
    links[1] = ({**other, DIGEST: chained(first[DIGEST], other, lines)}, lines)
    assert break_of(links, issued) == Break(FIRST + 1, Flaw.CHANGED)


@given(st.integers(0, 4), st.integers(1, 4), st.integers(0, 4))
def test_numbers_that_a_backup_did_not_have_break_no_chain_and_hide_no_other_gap(
    before: int, lost: int, after: int
) -> None:
    links, last = year_of(before)
    gone = range(last.next_number, last.next_number + lost)
    issued = Series(gone.stop, last.chain_sha256)
    for sequence in range(gone.stop, gone.stop + after):
        invoice = {"sequence": sequence, "total_ore": 100}
        issued = Series(sequence + 1, chained(issued.chain_sha256, invoice, []))
        links.append(({**invoice, DIGEST: issued.chain_sha256}, []))
    at, broken = follow(links, Series(), gone)
    assert (broken, break_at_end(at, issued)) == (None, None)
    for place, (deleted, _) in enumerate(links):
        at, broken = follow([*links[:place], *links[place + 1 :]], Series(), gone)
        assert (broken or break_at_end(at, issued)) == Break(deleted["sequence"], Flaw.MISSING)


def test_an_invoice_with_a_number_that_was_never_given_is_named() -> None:
    links, issued = year_of(2)
    longer, _ = year_of(3)
    assert break_of(longer, issued) == Break(FIRST + 2, Flaw.NEVER_ISSUED)
    assert break_of([({"sequence": 7, DIGEST: b""}, []), *links], issued) == Break(7, Flaw.NEVER_ISSUED)
