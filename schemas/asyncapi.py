"""The event map as an AsyncAPI 3.0 document, for whoever connects to the broker from outside."""

from schemas.batches import RecordBatches
from schemas.breakage import Document
from schemas.event import ARROW, CONTENT_TYPE_HEADER, CORRELATION_HEADER, EVENT_ID_HEADER, JSON, SCHEMA_HEADER, Event
from schemas.topics import DEAD_LETTER_RETENTION, TOPICS, Topic

BINDING = "0.5.0"
"""Version of AsyncAPI's Kafka binding."""
COLUMNS = "application/vnd.kulvert.columns+json;version=1"
"""The format of the documents that describe record batches: names, Arrow types and nullability of the columns."""

_ABOUT = (
    "What Kulvert's services say to each other over Kafka, by topic. Each topic is stamped by the broker"
    " (LogAppendTime). Beside each stands `<topic>.dead`, for messages that cannot be decoded, with the headers"
    f" `error` and `came-from`, kept {DEAD_LETTER_RETENTION // 86_400_000} days. A version only gains optional"
    " fields, and consumers ignore fields they do not know."
)


_EVENT_ID = "The same each time one message is sent again; only on messages that were stored before they were sent."


def document(version: str) -> Document:
    """Describe every topic, its message, and who sends and receives it; version: the project's own."""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Kulvert", "version": version, "description": _ABOUT},
        "defaultContentType": JSON,
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": {name: operation for topic in TOPICS for name, operation in _operations(topic).items()},
        "components": {"messages": {topic.carries.name: _message(topic) for topic in TOPICS}},
    }


def _channel(topic: Topic) -> Document:
    kept = (
        {"cleanup.policy": ["compact"]}
        if topic.retention == "compact"
        else {"cleanup.policy": ["delete"], "retention.ms": topic.retention}
    )
    kafka = {
        "topic": topic.name, "partitions": topic.partitions, "topicConfiguration": kept, "bindingVersion": BINDING,
    }  # fmt: skip
    return {
        "address": topic.name,
        "messages": {topic.carries.name: {"$ref": f"#/components/messages/{topic.carries.name}"}},
        "bindings": {"kafka": kafka},
    }


def _operations(topic: Topic) -> dict[str, Document]:
    parties = [(name, "send") for name in topic.producers] + [(name, "receive") for name in topic.consumers]
    return {
        f"{party.replace(' ', '-')}.{action}.{topic.name}": {
            "action": action,
            "channel": {"$ref": f"#/channels/{topic.name}"},
            "messages": [{"$ref": f"#/channels/{topic.name}/messages/{topic.carries.name}"}],
            "tags": [{"name": party}],
        }
        for party, action in parties
    }


def _message(topic: Topic) -> Document:
    carries = topic.carries
    is_arrow = isinstance(carries, RecordBatches)
    exported: Document = {"$ref": f"./json/{carries.schema_id()}.json"}
    key = {"type": "string", "description": f"{topic.key} of the event"}
    binding = {"bindingVersion": BINDING} if topic.key == "explicit" else {"key": key, "bindingVersion": BINDING}
    return {
        "name": carries.name,
        "summary": _summary(carries),
        "contentType": ARROW if is_arrow else JSON,
        "headers": _headers(carries.schema_id(), ARROW if is_arrow else JSON),
        "payload": {"schemaFormat": COLUMNS, "schema": exported} if is_arrow else exported,
        "bindings": {"kafka": binding},
    }


def _summary(carries: type[Event] | RecordBatches) -> str:
    text = carries.description if isinstance(carries, RecordBatches) else carries.__doc__ or ""
    return text.strip().splitlines()[0]


def _headers(schema_id: str, content_type: str) -> Document:
    return {
        "type": "object",
        "properties": {
            SCHEMA_HEADER: {"type": "string", "const": schema_id},
            CONTENT_TYPE_HEADER: {"type": "string", "const": content_type},
            CORRELATION_HEADER: {"type": "string", "description": "Follows one request through all services."},
            EVENT_ID_HEADER: {"type": "string", "format": "uuid", "description": _EVENT_ID},
        },
    }
