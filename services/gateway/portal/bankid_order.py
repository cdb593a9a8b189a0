"""What the pages of an order with BankID show while it waits for a phone, and once it has ended."""

from typing import Any

from services.gateway.portal import moving_code
from services.gateway.portal.signing_words import LOG_IN, said
from services.gateway.portal.words import WORDS

OPEN = ("starting", "pending")


def shown(
    found: dict[str, Any], language: str, title: str, path: str, back: str, following: str = ""
) -> dict[str, Any]:
    """Give the values of the page. found: the order as its owner answers; following: where to go on to afterwards.

    Only a log-in leads on: what is signed stays where it is.
    """
    state, words = found["state"], WORDS[language]["signing"]
    if following:
        words = words | LOG_IN[language]
    return {
        "title": title,
        "path": path,
        "back": back,
        "next": following,
        "state": state,
        "is_open": state in OPEN,
        "hint": said(state, found["reason"], words),
        "start_url": found["start_url"],
        "code": moving_code.picture(found["qr"]) if found["qr"] else "",
    }
