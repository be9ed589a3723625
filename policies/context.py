"""What a check may know beside the message: facts that its caller looked up, once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from policies.pack_whole import Pack
from policies.roles import Place
from schemas.directory_entry import DirectoryEntry
from schemas.manifest import SubjectClass

__all__ = ["Context", "RequestFacts"]


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What is known of the request that a message is about.

    The gate fills it from its bucket, an edge from its store; all of it stands in the request's
    own manifest or follows from the messages since.

    Attributes:
        jti: The request's id.
        h: b64u(SHA-256(P)) of the request.
        iss: Who asked, as messages name an agency.
        aud: Who was asked.
        conv: The case.
        wants: Question id to the field ids asked for.
        purpose: The request's ``pol.purpose``.
        subject_class: As the request says.
        public_task_statement: Whether the request attests that it carries the statement.
        open: Whether answers are still taken (not ended, withdrawn, nor past its last date).
        closed_questions: Questions that an earlier answer or refusal closed.
        queries: Clarification queries so far.
        extension_days: Working days granted so far.
        due_at: The last instant in time, or None while unknown.

    """

    jti: str
    h: str
    iss: str
    aud: str
    conv: str
    wants: Mapping[str, tuple[str, ...]]
    purpose: str
    subject_class: SubjectClass
    public_task_statement: bool
    open: bool = True
    closed_questions: frozenset[str] = frozenset()
    queries: int = 0
    extension_days: int = 0
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """All that a check may know of the world.

    Attributes:
        at: When the message arrived at the broker (for a draft: now); aware UTC. Later readers
            give the recorded arrival, so that they find what the gate found.
        place: Where the check runs.
        sender: The sender's directory entry as of ``at``.
        recipient: The recipient's.
        pack: The pack whose bytes hash to ``pol.h``, as parsed, or None when the directory has
            none. Overlays are in it and are applied here, never by the caller.
        superseded_at: When the directory put another version in its place, or None.
        request: The request that the message is about; None if it is about none, or unknown.
        recent_necessity: Digests (``necessity_digest``) of necessity statements that this
            sender used lately in other requests; edges only.

    """

    at: datetime
    place: Place
    sender: DirectoryEntry
    recipient: DirectoryEntry
    pack: Pack | None
    request: RequestFacts | None = None
    superseded_at: datetime | None = None
    recent_necessity: frozenset[str] = field(default_factory=frozenset)
