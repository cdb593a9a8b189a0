"""What people type into forms, as services take it."""

FIELDS = ("price_list_id", "power_kw", "energy_mwh", "category", "on", "return_c", "m3_per_mwh")
NUMBERS = ("power_kw", "energy_mwh", "return_c", "m3_per_mwh", "cooling_c", "saved_percent", "shifted_percent")
LONGEST = 40


def as_number(text: str) -> str:
    """Write a number as machines do: a comma for the point, and spaces between thousands, are how people write one."""
    return "".join(text.split()).replace("\u2212", "-").replace(",", ".")


def typed(given: dict[str, str], fields: tuple[str, ...]) -> dict[str, str]:
    """Take the fields of a form that hold something, cut to what any of them can need."""
    texts = {name: given.get(name, "").strip()[:LONGEST] for name in fields}
    return {name: as_number(text) if name in NUMBERS else text for name, text in texts.items() if text}
