"""Make a message: manifest from policy, body from a person or an adapter, checked, sealed, queued.

Number, sealed bytes and the row in the outbox are one transaction: whatever is killed, the same
number never stands for two messages, and what was queued is sent exactly as it was sealed.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from adapters.edge import Edge
from adapters.mailbox import Letter, keep_letter, letters, open_body, queue, seal_body
from adapters.request_facts import request_facts
from adapters.store import SEQUENCES
from policies.check import Context, Place, check_body, check_manifest
from policies.defaults import Defaults, defaults
from policies.necessity import necessity_digest, necessity_of, statement_digest
from schemas.commitment import CEK_BYTES
from schemas.directory_entry import DirectoryEntry, Role
from schemas.encoding import JsonValue
from schemas.identifiers import agency_urn, make_jti
from schemas.jwe import IV_BYTES
from schemas.keys import SealingKey, sealing_key
from schemas.manifest import Manifest, RequestRef, SubjectClass, parse_claims
from schemas.messages.body import Body
from schemas.messages.registry import body_fields, read_body, type_of
from schemas.problems import Code, Problem
from schemas.sealing import Sealed, seal

__all__ = ["Draft", "Made", "Prepared", "Queued", "check_draft", "keep", "prepare", "send"]

LIFETIME = timedelta(hours=24)  # design 10.1; the outbox may wait this long for the bus
_JTI_RANDOM_BYTES = 10
_RECENT_REQUESTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message as a person or the runtime wants it; policy fills in the rest.

    Attributes:
        body: What it says.
        to: Directory id of the one recipient.
        conv: The case.
        role: In which role the sender acts.
        person: The sender's staff pseudonym.
        to_role: The role addressed.
        area: For which area.
        subject_class: Whom it is about, as far as policy must know.
        request: The request that it is about; None for a request.
        wants: Question id to field ids; requests alone.
        attest: Attestations that a person made, by their names in the manifest; None takes a
            default of the policy away (hours in place of working days).

    """

    body: Body
    to: str
    conv: str
    role: Role
    person: str
    to_role: Role
    area: str
    subject_class: SubjectClass
    request: RequestRef | None = None
    wants: Mapping[str, tuple[str, ...]] | None = None
    attest: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def mt(self) -> str:
        """Type and major version of the body."""
        return type_of(self.body).mt


@dataclass(frozen=True, slots=True)
class Queued:
    """A message that is on its way: it is in the outbox, and will be sent as it is."""

    jti: str
    h: str
    manifest: Manifest


def send(edge: Edge, draft: Draft) -> Queued | tuple[Problem, ...]:
    """Check, seal and queue one message.

    Returns:
        What was queued; or every problem found, and then nothing was queued and no number used.

    """
    with edge.store.change() as c:
        made = _make(edge, c, draft)
        if isinstance(made, tuple):
            return made
        keep(edge, c, made)
        return Queued(made.manifest.jti, made.sealed.h, made.manifest)


def check_draft(edge: Edge, draft: Draft) -> tuple[Problem, ...]:
    """Tell what would be refused, without queueing anything; for showing before a person decides."""
    with edge.store.read() as c:
        made = _make(edge, c, draft)
    return made if isinstance(made, tuple) else ()


@dataclass(frozen=True, slots=True, repr=False)
class Prepared:
    """A message before it is sealed: every claim but ``f``, the fields, and whom to seal to."""

    claims: dict[str, JsonValue]
    fields: Mapping[str, JsonValue]
    recipient: DirectoryEntry
    key: SealingKey
    now: datetime


@dataclass(frozen=True, slots=True, repr=False)
class Made:
    """A message sealed, not queued yet."""

    sealed: Sealed
    manifest: Manifest
    fields: Mapping[str, JsonValue]
    cek: bytes
    now: datetime


def prepare(edge: Edge, c: Connection, draft: Draft) -> Prepared | tuple[Problem, ...]:
    """Fill in what policy and the order of messages say; nothing is used up yet."""
    now = edge.clock.now()
    recipient = edge.directory.entry(draft.to)
    if recipient is None:
        return (Problem(Code.RECIPIENT_UNKNOWN, "manifest.aud"),)
    listed = recipient.key_to_seal_to("enc", now)
    key = None if listed is None else sealing_key(listed.jwk)
    if key is None or isinstance(key, Problem):
        return (Problem(Code.CONTENT_RECIPIENT, "manifest.aud"),)
    fields = body_fields(draft.body)
    found = read_body(draft.mt, fields)  # a draft must be readable by what reads it there
    if isinstance(found, tuple):
        return found
    said = defaults(
        edge.pack(now),
        draft.mt,
        edge.entry,
        recipient,
        at=now,
        fields=fields,
        subject_class=draft.subject_class,
        wants=draft.wants,
        request=request_facts(c, draft.request),
    )
    if isinstance(said, tuple):
        return said
    return Prepared(_claims(edge, c, draft, fields, said, now), fields, recipient, key, now)


def _make(edge: Edge, c: Connection, draft: Draft) -> Made | tuple[Problem, ...]:
    ready = prepare(edge, c, draft)
    if isinstance(ready, tuple):
        return ready
    cek, iv = edge.random(CEK_BYTES), edge.random(IV_BYTES)
    sealed = seal(ready.claims, ready.fields, edge.keys.signer, (ready.key,), cek=cek, iv=iv)
    if isinstance(sealed, Problem):
        return (sealed,)
    manifest = parse_claims(sealed.signed.payload)
    if isinstance(manifest, Problem):
        return (manifest,)
    problems = _policy(edge, c, manifest, ready.fields, ready.recipient, ready.now)
    return problems or Made(sealed, manifest, ready.fields, cek, ready.now)


def _claims(
    edge: Edge,
    c: Connection,
    draft: Draft,
    fields: Mapping[str, JsonValue],
    said: Defaults,
    now: datetime,
) -> dict[str, JsonValue]:
    seq, prev = _next_number(c, draft.to)
    made_at = int(now.timestamp())
    claims: dict[str, JsonValue] = {
        "iss": agency_urn(edge.agency),
        "aud": [agency_urn(draft.to)],
        "jti": make_jti(now, edge.random(_JTI_RANDOM_BYTES)),
        "iat": made_at,
        "exp": made_at + int(LIFETIME.total_seconds()),
        "seq": seq,
        "prev": prev,
        "mt": draft.mt,
        "conv": draft.conv,
    }
    if draft.request is not None:
        claims["req"] = {"jti": draft.request.jti, "h": draft.request.h}
    claims["from"] = {"role": draft.role.value, "person": draft.person}
    claims["to"] = {"role": draft.to_role.value, "area": draft.area}
    if draft.wants is not None:
        claims["wants"] = {qid: list(names) for qid, names in draft.wants.items()}
        claims["necessity"] = {"h": necessity_digest(fields), "n": len(necessity_of(fields))}
    claims["pol"] = said.pol
    claims["legal"] = said.legal
    claims["subject_class"] = draft.subject_class
    claims["marking"] = said.marking
    claims["onward"] = said.onward
    claims["retain_until"] = said.retain_until.isoformat()
    attest = {**said.attest, **draft.attest}
    claims["attest"] = {name: value for name, value in attest.items() if value is not None}
    return claims


def _policy(
    edge: Edge,
    c: Connection,
    manifest: Manifest,
    fields: Mapping[str, JsonValue],
    recipient: DirectoryEntry,
    now: datetime,
) -> tuple[Problem, ...]:
    context = Context(
        at=now,
        place=Place.EDGE,
        sender=edge.entry,
        recipient=recipient,
        pack=edge.pack(now),
        request=request_facts(c, manifest.req),
        recent_necessity=_recent_necessity(edge, c, manifest.conv),
    )
    return (*check_manifest(manifest, context), *check_body(manifest, fields, context))


def _recent_necessity(edge: Edge, c: Connection, conv: str) -> frozenset[str]:
    """Digests of the statements in this agency's newest requests in other cases (POL-18)."""
    others = [one for one in letters(c, way="out", mt="information.request/1") if one.conv != conv]
    bodies = (open_body(edge.keys.vault, one) for one in others[-_RECENT_REQUESTS:])
    return frozenset(
        statement_digest(text) for body in bodies if body for text in necessity_of(body).values()
    )


def _next_number(c: Connection, to: str) -> tuple[int, str]:
    row = c.execute(select(SEQUENCES).where(SEQUENCES.c.aud == to)).one_or_none()
    return (1, "") if row is None else (row.seq + 1, row.prev)


def keep(edge: Edge, c: Connection, made: Made) -> None:
    """Queue a message and keep it, using up its number; part of the caller's transaction."""
    manifest, sealed = made.manifest, made.sealed
    to = manifest.recipient.removeprefix("urn:dovetail:org:")
    c.execute(delete(SEQUENCES).where(SEQUENCES.c.aud == to))
    c.execute(insert(SEQUENCES).values(aud=to, seq=manifest.seq, prev=sealed.h))
    message_id = hashlib.sha256(sealed.envelope).hexdigest()
    queue(c, "env", message_id, sealed.envelope, made.now)
    place = f"messages/out/{manifest.jti}/cek"
    keep_letter(
        c,
        Letter(
            jti=manifest.jti,
            way="out",
            iss=manifest.iss,
            aud=manifest.recipient,
            mt=manifest.mt,
            conv=manifest.conv,
            request=manifest.req.jti if manifest.req else manifest.jti,
            h=sealed.h,
            ch=sealed.signed.content_hash,
            id=message_id,
            manifest=sealed.signed.text,
            body=seal_body(edge.keys.vault, "out", manifest.jti, made.fields),
            cek=edge.keys.vault.seal(made.cek.hex(), place),
            state="queued",
            at=made.now,
            arrived_at=None,
            due=None,
            late=False,
            problems=(),
            content=None,
        ),
    )
