"""Templates of names that say something, such as `{serial}_*.csv`: what stands in braces ends at what follows it."""

import re
from collections.abc import Collection, Mapping
from itertools import pairwise

_PIECES = re.compile(r"(\{[^{}]*\}|\*)")


def names_of(template: str) -> list[str]:
    """Give the names in braces, in their order."""
    return [piece[1:-1] for piece in _pieces(template) if _is_name(piece)]


def check_names(template: str, allowed: Collection[str], example: str) -> str:
    """Give a template back. Raises ValueError where it has other names, one twice, or one without an end."""
    named = names_of(template)
    if not named or set(named) - set(allowed) or len(named) != len(set(named)):
        *others, last = (f"{{{name}}}" for name in allowed)
        raise ValueError(f"write {', '.join(others)} or {last}, each once, as in {example}")
    for piece, following in pairwise(_pieces(template)):
        if _is_name(piece) and (_is_name(following) or following == "*"):
            raise ValueError(f"put a character behind {piece} that ends it, as in {example}")
    return template


def literal_of(template: str) -> str:
    """Give what stands in a template beside its names."""
    return "".join(piece for piece in _pieces(template) if not _is_name(piece))


def pattern_of(template: str, forms: Mapping[str, str]) -> re.Pattern[str]:
    """Give the pattern of a template; `*` is any run of characters.

    forms: patterns of names that may hold the character that follows them. Letters around names may be small or large.
    """
    pieces = _pieces(template)
    pattern = "".join(
        _pattern(piece, following, forms) for piece, following in zip(pieces, [*pieces[1:], ""], strict=True)
    )
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


def _pieces(template: str) -> list[str]:
    return [piece for piece in _PIECES.split(template) if piece]


def _is_name(piece: str) -> bool:
    return piece.startswith("{")


def _pattern(piece: str, following: str, forms: Mapping[str, str]) -> str:
    if piece == "*":
        return ".*"
    if not _is_name(piece):
        return re.escape(piece)
    name = piece[1:-1]
    one = f"[^{re.escape(following[0])}]" if following else "."
    return f"(?P<{name}>{forms.get(name, f'{one}+')})"
