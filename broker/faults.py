"""The world is broken, or we are: exceptions, never said to a sender.

A :class:`Fault` passes with time, so the bus delivers the message again, later. A :class:`Bug` is
ours and will not pass, so the bus parks the message and someone is called. Reasons to refuse are
neither: they are values (``schemas.problems``). No message here quotes what was sent.
"""

__all__ = [
    "Bug",
    "BusUnavailable",
    "Conflict",
    "CredentialsFault",
    "DirectoryFault",
    "Fault",
    "NotEnoughRoom",
    "StoreFault",
]


class Fault(Exception):
    """The world is broken: trying again later may help."""


class BusUnavailable(Fault):
    """The bus did not answer in time, or the connection is gone. Whether it acted is not known."""


class NotEnoughRoom(Fault):
    """A stream has reached its limit in bytes or messages; nothing was stored."""


class Conflict(Fault):
    """Someone else wrote first: what was expected to be last is not. Nothing was stored."""


class StoreFault(Fault):
    """What the broker stands on is missing, unreadable or of a format that we do not know."""


class DirectoryFault(Fault):
    """The directory cannot be trusted or read: signature, hash, version or form. We keep what we had."""


class CredentialsFault(Fault):
    """A credentials or key file is missing, unreadable, open to others or not of the right form."""


class Bug(Exception):
    """Ours to mend: repeating will not help. The bus parks the message at once."""
