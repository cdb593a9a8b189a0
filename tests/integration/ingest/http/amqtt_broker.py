"""amqtt as a process: `python -m tests.integration.ingest.http.amqtt_broker PORT`, until it is killed.

amqtt forgets a message that was not acknowledged once its receiver is gone. MQTT 3.1.1 (4.4) asks a broker to send it
again when the receiver comes back, as mosquitto does, and so does this one.
"""

import asyncio
import sys
from collections import OrderedDict
from typing import Any

from amqtt.broker import Broker  # type: ignore[import-untyped]
from amqtt.mqtt.protocol import broker_handler  # type: ignore[import-untyped]
from amqtt.session import Session  # type: ignore[import-untyped]

PLUGINS = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": False}}
"""Whoever gives a name is let in; nothing is kept for those without one."""


class _UntilAcknowledged(OrderedDict[int, Any]):
    def pop(self, key: int, *default: Any) -> Any:
        message = self.get(key)
        if message is not None and message.puback_packet is None:
            return message
        return super().pop(key, *default)


class _KeepingSession(Session):
    def __init__(self) -> None:
        super().__init__()
        self.inflight_out = _UntilAcknowledged()


async def main(port: str) -> None:
    """Serve for ever."""
    listeners = {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}}
    await Broker({"listeners": listeners, "plugins": PLUGINS}).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    broker_handler.Session = _KeepingSession
    asyncio.run(main(sys.argv[1]))
