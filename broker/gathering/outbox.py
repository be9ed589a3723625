"""The outbox of agency ``broker``: number, predecessor and sealed bytes in one write, then sent.

The same promise that an edge makes to its own store (design 10.5): a number never stands for two
messages, and what was sealed is sent as it was sealed, however often.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Protocol

from broker.faults import Bug, Conflict, Fault
from broker.gathering.track import Step
from broker.kept import dump, load
from broker.notary import sealing_key_of
from broker.ports import Bucket, Buckets, Writing
from broker.request_facts import request_facts
from broker.requests import Request
from policies.defaults import defaults
from policies.pack_whole import Pack
from schemas.directory_entry import DirectoryEntry, Role
from schemas.encoding import JsonValue
from schemas.envelope import envelope_id
from schemas.identifiers import AgencyUrn
from schemas.keys import MessageSigner
from schemas.messages.registry import body_fields, type_of
from schemas.problems import Problem
from schemas.sealing import seal
from schemas.subjects import ingress, request_key

__all__ = ["Outbox", "Sender"]

BUCKET = "ladder"
LIFETIME = timedelta(hours=24)
_PERSON = "gathering"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The messages to one agency, as far as the next one needs them.

    Attributes:
        n: Number of the last one.
        prev: SHA-256 of its P.
        jti: Its id, and ``about`` the request that it is about.
        sealed: Its bytes, base64.
        sent: Whether the ingress has it.

    """

    v: Literal[1] = 1
    n: int
    prev: str
    jti: str
    about: str
    sealed: str
    sent: bool


class PacksInForce(Protocol):
    """Which packs a message may name."""

    def in_force(self, at: datetime) -> tuple[Pack, ...]:
        """The packs in force, newest first."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who speaks: the broker's entry, its gathering keys, and where chance comes from."""

    entry: DirectoryEntry
    signer: MessageSigner
    random: Callable[[int], bytes]


class Outbox:
    """Says steps of the ladder, each once."""

    def __init__(
        self, sender: Sender, packs: PacksInForce, buckets: Buckets, writing: Writing
    ) -> None:
        self._sender = sender
        self._packs = packs
        self._bucket: Bucket = buckets.bucket(BUCKET)
        self._writing = writing

    async def recover(self) -> None:
        """Send what was sealed before the last end and may not have been sent."""
        async for key, value in self._bucket.items("chain"):
            chain = load(Chain, value.value)
            if not chain.sent:
                await self._send(key, chain, value.revision)

    async def say(
        self, step: Step, request: Request, recipient: DirectoryEntry, at: datetime
    ) -> bool:
        """Seal and send a step, unless it was said before.

        Returns:
            False when it cannot be said: the recipient has no key, or policy knows no way.

        Raises:
            Fault: It is not certain whether it was said; saying it again is safe.

        """
        if await self._bucket.get(_said(request, step.jti)) is not None:
            return True
        key = f"chain.{recipient.id}"
        held = await self._bucket.get(key)
        before = load(Chain, held.value) if held else None
        if held is not None and before is not None and not before.sent:
            await self._send(key, before, held.revision)
            held = await self._bucket.get(key)
            before = load(Chain, held.value) if held else None
        if before is not None and before.jti == step.jti:
            return True
        made = self._seal(step, request, recipient, before, at)
        if made is None:
            return False
        revision = held.revision if held else 0
        if not await self._bucket.update(key, dump(made), revision):
            raise Conflict("Somebody else writes the broker's outbox.")
        now = await self._bucket.get(key)
        if now is None:
            raise Fault("The broker's outbox was written and is gone.")
        await self._send(key, made, now.revision)
        return True

    async def forget(self, request: Request) -> None:
        """Forget what was said about a request that is forgotten itself."""
        keys = [key async for key, _ in self._bucket.items(f"said.{request_key(request.h)}")]
        for key in keys:
            await self._bucket.delete(key)

    async def _send(self, key: str, chain: Chain, revision: int) -> None:
        """Publish, mark as said, mark as sent, in this order: each of these again changes nothing."""
        data = base64.b64decode(chain.sealed)
        subject = ingress(self._sender.entry.account, "env")
        await self._writing.append(subject, data, msg_id=envelope_id(data))
        await self._bucket.create(f"said.{chain.about}.{chain.jti}", b"1")
        await self._bucket.update(key, dump(replace(chain, sent=True)), revision)

    def _seal(
        self,
        step: Step,
        request: Request,
        recipient: DirectoryEntry,
        before: Chain | None,
        at: datetime,
    ) -> Chain | None:
        listed = recipient.key_to_seal_to("enc", at)
        key = sealing_key_of(listed.jwk) if listed is not None else None
        claims = self._claims(step, request, recipient, before, at)
        if key is None or claims is None:
            return None
        cek, iv = self._sender.random(32), self._sender.random(12)
        fields = body_fields(step.body)
        made = seal(claims, fields, self._sender.signer, (key,), cek=cek, iv=iv)
        if isinstance(made, Problem):
            raise Bug("The broker made a message that nobody could read.")
        return Chain(
            n=before.n + 1 if before else 1,
            prev=made.h,
            jti=step.jti,
            about=request_key(request.h),
            sealed=base64.b64encode(made.envelope).decode(),
            sent=False,
        )

    def _claims(
        self,
        step: Step,
        request: Request,
        recipient: DirectoryEntry,
        before: Chain | None,
        at: datetime,
    ) -> Mapping[str, JsonValue] | None:
        mt = type_of(step.body).mt
        kind = self._sender.entry.kind
        pack = next((one for one in self._packs.in_force(at) if one.rule(mt, kind)), None)
        if pack is None:
            return None
        said = defaults(
            pack,
            mt,
            self._sender.entry,
            recipient,
            at=at,
            fields=body_fields(step.body),
            subject_class=request.subject_class,
            request=request_facts(request, at, None),
        )
        if isinstance(said, tuple):
            return None
        held = recipient.holds(step.role, request.area, at)
        role: Role = step.role if held else step.fallback
        iss: AgencyUrn = self._sender.entry.urn
        made_at = int(at.timestamp())
        return {
            "iss": iss,
            "aud": [recipient.urn],
            "jti": step.jti,
            "iat": made_at,
            "exp": made_at + int(LIFETIME.total_seconds()),
            "seq": before.n + 1 if before else 1,
            "prev": before.prev if before else "",
            "mt": mt,
            "conv": request.conv,
            "req": {"jti": request.jti, "h": request.h},
            "from": {"role": Role.BROKER.value, "person": _PERSON},
            "to": {"role": role.value, "area": request.area},
            "pol": said.pol,
            "legal": said.legal,
            "subject_class": request.subject_class,
            "marking": said.marking,
            "onward": said.onward,
            "retain_until": said.retain_until.isoformat(),
            "attest": said.attest,
        }


def _said(request: Request, jti: str) -> str:
    return f"said.{request_key(request.h)}.{jti}"
