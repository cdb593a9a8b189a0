"""Everything that is asked of a role's rights by the statements that are run, and by what they call."""

from collections.abc import Iterable

from tests.integration.rights.catalogue import Catalogue, Right
from tests.integration.rights.needs import Need, needs


class Asked:
    """Follows statements through views, policies and functions, as PostgreSQL checks rights on the way.

    What a view or a policy reads is asked of the view's owner, a function that it calls of whoever began. A
    function's own statements are asked of whoever called it, or of its owner where it is a definer's.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._seen: set[tuple[str, str, str]] = set()
        self.rights: set[Right] = set()

    def run(self, text: str, role: str) -> None:
        """Take in a statement that a role sends, or that stands in a function which it runs."""
        for need in self._follow(text, role, role):
            self._ask(role, "USAGE", need.on.split(".")[0])

    def publish(self) -> None:
        """Take in every view, whoever may read it: its owner must be able to."""
        for view, text in self._catalogue.views.items():
            owner = self._catalogue.owners[view]
            self._follow(text, owner, "")

    def _follow(self, text: str, reader: str, caller: str) -> Iterable[Need]:
        if (text, reader, caller) in self._seen:
            return ()
        self._seen.add((text, reader, caller))
        found = needs(text, self._catalogue.columns)
        for need in found:
            if need.right == "EXECUTE":
                self._call(need.on, caller)
            else:
                self._ask(reader, *need)
                self._look(need.on, reader, caller)
        return found

    def _look(self, table: str, reader: str, caller: str) -> None:
        if table in self._catalogue.views:
            self._follow(self._catalogue.views[table], self._catalogue.owners[table], caller)
        for condition in self._catalogue.policies.get((table, reader), ()):
            self._follow(f"SELECT FROM {table} WHERE {condition}", reader, caller)

    def _call(self, function: str, caller: str) -> None:
        self._ask(caller, "EXECUTE", function)
        written = self._catalogue.functions.get(function)
        if written is None:
            return
        runner = self._catalogue.owners[function] if written.is_definers else caller
        self.run(written.body, runner)

    def _ask(self, role: str, right: str, on: str, column: str = "") -> None:
        if role and role != self._catalogue.owners[on]:
            self.rights.add(Right(role, right, on, column))
