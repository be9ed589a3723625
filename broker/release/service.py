"""Release: hand out content against a signed receipt, take back what was withdrawn, let it go in time.

It has no rule in it (``admit`` has). Every change of an entry is written with the revision that was
read; everything else has one place that the receipt or the withdrawal names. So a kill between any
two steps leaves what the next delivery completes.
"""

import asyncio
from datetime import datetime
from typing import assert_never

from broker.agenda import Agenda
from broker.contents import BUCKET, Content, State
from broker.deliveries import content_delivery, receipt_delivery
from broker.faults import Fault
from broker.hands import Hands, entries_of, is_broker
from broker.kept import dump, load
from broker.log import logger
from broker.ports import Arrived, Bucket, Buckets, Clock, Directory
from broker.release.admit import (
    Admitted,
    Again,
    Claim,
    Refused,
    Said,
    admit,
    is_due,
    look_at,
    recall,
)
from broker.release.read import read_claim
from broker.requests import BUCKET as REQUESTS
from broker.requests import Request, without_answer
from broker.verdicts import Verdict
from schemas.directory_entry import DirectoryEntry
from schemas.encoding import b64u
from schemas.identifiers import agency_urn
from schemas.messages.message_type import Effect
from schemas.problems import Problem
from schemas.receipt import Status
from schemas.record import Event, Record
from schemas.subjects import Stream, content_key, out, record, request_key
from schemas.subjects import content as content_at

__all__ = ["Release"]

_TRIES = 16
_EVENTS: dict[Said, Event] = {
    "delivered": Event.RELEASED,
    "opened": Event.OPENED,
    "rejected": Event.REJECTED,
}


class Release:
    """One instance in the whole broker at a time."""

    def __init__(self, buckets: Buckets, directory: Directory, clock: Clock, hands: Hands) -> None:
        self._contents: Bucket = buckets.bucket(BUCKET)
        self._requests: Bucket = buckets.bucket(REQUESTS)
        self._directory = directory
        self._clock = clock
        self._hands = hands
        self._agenda = Agenda()
        self._one_at_a_time = asyncio.Lock()

    async def start(self) -> None:
        """Read what is held, to know what is due when."""
        async for key, value in self._contents.items():
            self._agenda.put(key, look_at(load(Content, value.value)))

    # ------------------------------------------------------------------------------ receipts

    async def on_receipt(self, message: Arrived) -> None:
        """Take a receipt from an agency's ingress.

        Raises:
            Fault: Something could not be looked up or stored; the receipt comes again.

        """
        ingress = self._directory.by_account(message.account or "")
        if ingress is None:
            raise Fault("The ingress belongs to nobody in the directory that we have.")
        claim = read_claim(message, ingress, self._directory)
        if isinstance(claim, Problem):
            _ignored(message, ingress, claim)
            return
        async with self._one_at_a_time:
            found = await self._admit(claim, message.arrived_at)
            if isinstance(found, Problem):
                _ignored(message, ingress, found)
                return
            await self._follow(found, claim, message)
        logger.info(
            "release.admitted", service="release", agency=ingress.id, id=found.id, mt=found.mt,
            verdict=claim.said,
        )  # fmt: skip

    async def _admit(self, claim: Claim, at: datetime) -> Content | Problem:
        """Decide, and write what changes; of two changes at once one decides again."""
        key = content_key(claim.ack.h)
        for _ in range(_TRIES):
            held = await self._contents.get(key)
            decision = admit(claim, load(Content, held.value) if held else None, at)
            match decision:
                case Refused(problem=problem):
                    return problem
                case Again(content=content):
                    return content
                case Admitted(after=after):
                    revision = held.revision if held else 0
                    if await self._contents.update(key, dump(after), revision):
                        self._agenda.put(key, look_at(after))
                        return after
                case _:
                    assert_never(decision)
        raise Fault("A content changes faster than this can be written.")

    async def _follow(self, content: Content, claim: Claim, message: Arrived) -> None:
        """Do what an admitted receipt brings with it: record, hand out or clear away, tell."""
        await self._record(_EVENTS[claim.said], content, message)
        match claim.said:
            case "delivered":
                await self._hand_out(content)
            case "opened":
                await self._clear(content)
            case "rejected":
                await self._reopen(content)
                await self._clear(content)
            case _:
                assert_never(claim.said)
        if not is_broker(self._directory.entry(content.sender)):
            place = out(content.sender_account, "receipt", claim.id)
            await self._hands.writing.create(place, receipt_delivery(message.data.decode()))

    async def _hand_out(self, content: Content) -> None:
        """Put the content into the recipient's deliveries, unless it has been through with it."""
        if content.state is not State.RELEASED or content.settled_by is not None:
            return
        held = await self._hands.reading.last(Stream.CONTENT, content_at(content.id))
        if held is None:
            raise Fault("A content that is released has not been put by yet.")
        place = out(content.recipient_account, "content", content.id)
        await self._hands.writing.create(place, content_delivery(content.h, held.data.decode()))

    async def _reopen(self, content: Content) -> None:
        """An answer that its recipient rejected closes nothing: it may be sent again, mended."""
        if content.about is None:
            return
        key = request_key(content.about)
        for _ in range(_TRIES):
            held = await self._requests.get(key)
            if held is None:
                return
            request = load(Request, held.value)
            after = without_answer(request, content.id)
            if after is request or await self._requests.update(key, dump(after), held.revision):
                return
        raise Fault("A request changes faster than this can be written.")

    async def _clear(self, content: Content) -> None:
        """Take out of the deliveries what the recipient has dealt with."""
        to = content.recipient_account
        await self._hands.erasing.purge_subject(Stream.OUT, out(to, "manifest", content.id))
        await self._hands.erasing.purge_subject(Stream.OUT, out(to, "content", content.id))

    # ----------------------------------------------------------------------------- verdicts

    async def on_verdict(self, message: Arrived) -> None:
        """Follow what the gate decided: note what is held, recall what was withdrawn."""
        verdict = load(Verdict, message.data)
        if verdict.holding is None:
            return
        key = content_key(verdict.ack.h)
        async with self._one_at_a_time:
            held = await self._contents.get(key)
            # The gate stores its verdict first: without an entry yet, look when it may be due.
            at = look_at(load(Content, held.value)) if held else verdict.holding.uncollected_at
            self._agenda.put(key, at)
            if verdict.effect is Effect.WITHDRAWS and verdict.req is not None:
                await self._recall(verdict, content_key(verdict.req))

    async def _recall(self, verdict: Verdict, key: str) -> None:
        """Take a request back, if nobody has collected it."""
        for _ in range(_TRIES):
            held = await self._contents.get(key)
            before = load(Content, held.value) if held else None
            after = recall(before, verdict.id) if before else None
            if held is None or after is None:
                return
            if after is before or await self._contents.update(key, dump(after), held.revision):
                self._agenda.put(key, look_at(after))
                await self._recalled(after, verdict)
                return
        raise Fault("A content changes faster than this can be written.")

    async def _recalled(self, content: Content, verdict: Verdict) -> None:
        """Record that it was recalled, destroy it unread, and tell both sides."""
        subject = record("release", content.sender_account, verdict.id)
        await self._create_record(
            subject, Event.RECALLED, content, verdict.id, None, verdict.ingress, verdict.arrived_at
        )
        await self._destroy(content)
        for account in (content.sender_account, content.recipient_account):
            notice = self._hands.notary.state(
                Status.RECALLED, about=content.id, to=account, at=verdict.at, ack=content.ack
            )
            await self._hands.hand_out(account, notice)

    # --------------------------------------------------------------------------------- time

    async def tick(self) -> int:
        """Do what has become due, and no more; how much it was."""
        now = self._clock.now()
        due = self._agenda.take_due(now)
        for place, key in enumerate(due):
            try:
                async with self._one_at_a_time:
                    await self._look(key, now)
            except Fault:
                for again in due[place:]:
                    self._agenda.put(again, now)
                raise
        return len(due)

    async def _look(self, key: str, now: datetime) -> None:
        held = await self._contents.get(key)
        if held is None:
            return
        content = load(Content, held.value)
        needs = is_due(content, now)
        match needs:
            case "wait":
                after = content
            case "tell":
                await self._tell_uncollected(content)
                after = content.told()
            case "destroy":
                # Destroyed first: a crash in between only destroys it once more.
                await self._destroy(content)
                after = content.destroyed()
            case "forget":
                await self._contents.delete(key)
                return
            case _:
                assert_never(needs)
        if after is not content:
            await self._contents.update(key, dump(after), held.revision)
        self._agenda.put(key, look_at(after))

    async def _tell_uncollected(self, content: Content) -> None:
        """Tell the sender that nobody has come for its message: that is not the same as no answer."""
        if is_broker(self._directory.entry(content.sender)) or content.uncollected_at is None:
            return
        notice = self._hands.notary.state(
            Status.UNCOLLECTED,
            about=content.id,
            to=content.sender_account,
            at=content.uncollected_at,
            ack=content.ack,
        )
        await self._hands.hand_out(content.sender_account, notice)

    async def _destroy(self, content: Content) -> None:
        """Overwrite the content, and take it out of the deliveries."""
        held = await self._hands.reading.last(Stream.CONTENT, content_at(content.id))
        if held is not None:
            await self._hands.erasing.erase(Stream.CONTENT, held.sequence)
        await self._clear(content)

    # ------------------------------------------------------------------------------- records

    async def _record(self, event: Event, content: Content, message: Arrived) -> None:
        """Record what a receipt brought about."""
        by = content.recipient
        subject = record("release", content.recipient_account, message.id)
        text = message.data.decode()
        await self._create_record(subject, event, content, message.id, text, by, message.arrived_at)

    async def _create_record(
        self,
        subject: str,
        event: Event,
        content: Content,
        message_id: str,
        receipt: str | None,
        ingress: str,
        arrived_at: datetime,
    ) -> None:
        clear = Record.model_validate(
            {
                "v": 1,
                "ev": event,
                "at": max(self._clock.now(), arrived_at),
                "arrived_at": arrived_at,
                "ingress": agency_urn(ingress),
                "bytes": b64u(bytes.fromhex(message_id)),
                "manifest": None,
                "receipt": receipt,
                "problems": (),
                "due": None,
                "late": False,
                "release_until": content.release_until,
                "pack": None,
                "directory": self._directory.version,
            }
        )
        concerned = entries_of(self._directory, content.sender, content.recipient)
        sealed = self._hands.sealer.seal(clear, concerned, arrived_at)
        if sealed is None:
            raise Fault("Nobody whom this concerns has a feed key that holds.")
        await self._hands.writing.create(subject, sealed)


def _ignored(message: Arrived, ingress: DirectoryEntry, problem: Problem) -> None:
    """Receipts are never receipted (design 4.5): what releases nothing is counted here alone."""
    logger.warning(
        "release.refused", service="release", agency=ingress.id, id=message.id,
        code=problem.code.value,
    )  # fmt: skip
