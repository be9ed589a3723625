"""Every message type by its name on the wire: a line here for each module beside it."""

from collections.abc import Mapping
from types import MappingProxyType

from schemas.encoding import JsonValue
from schemas.messages.body import Body, read_fields, write_fields
from schemas.messages.deadline import escalation, recalculated, reminder
from schemas.messages.information import (
    acknowledgement,
    clarification_query,
    clarification_reply,
    extension_decision,
    extension_request,
    nil_return,
    redirect,
    refusal,
    request,
    response,
    withdrawal,
)
from schemas.messages.message_type import MessageType
from schemas.problems import Code, Problem

__all__ = ["REGISTRY", "body_fields", "read_body", "type_of"]

_TYPES: tuple[MessageType, ...] = (
    request.TYPE,
    acknowledgement.TYPE,
    response.TYPE,
    nil_return.TYPE,
    refusal.TYPE,
    clarification_query.TYPE,
    clarification_reply.TYPE,
    redirect.TYPE,
    extension_request.TYPE,
    extension_decision.TYPE,
    withdrawal.TYPE,
    reminder.TYPE,
    escalation.TYPE,
    recalculated.TYPE,
)

REGISTRY: Mapping[str, MessageType] = MappingProxyType({kind.mt: kind for kind in _TYPES})
_BY_BODY = MappingProxyType({kind.body: kind for kind in _TYPES})


def read_body(mt: str, fields: Mapping[str, JsonValue]) -> Body | tuple[Problem, ...]:
    """Read the body of a message from its opened fields.

    Args:
        mt: The manifest member ``mt``, such as ``information.response/1``.
        fields: Field names to decoded JSON values.

    Returns:
        The body, to be told apart by ``match``; or every problem found. ``where`` is a field
        id, for a part of its value ``<field id>/<member>``; the sector of a response is in the
        body. Whether the fields were asked for and allowed is for the policies to say.

    """
    kind = REGISTRY.get(mt)
    if kind is None:
        return (Problem(Code.TYPE_UNKNOWN),)
    return read_fields(kind.body, fields)


def body_fields(body: Body) -> dict[str, JsonValue]:
    """Write a body as fields, which ``read_body`` reads back to an equal body."""
    return write_fields(body)


def type_of(body: Body) -> MessageType:
    """Give the message type of a body."""
    return _BY_BODY[type(body)]
