"""The gate: look up, judge, record, forward or refuse. It has no rule in it.

Returning settles a message; raising brings it again, and every step bears being repeated. The order
is that of ``docs/architecture.md``: the verdict is created once and what is read back is what is
done, the record stands before anything is forwarded, and what is handed out is named by the
message, so that a second time creates nothing. One message of an ingress is in hand at a time.
"""

from dataclasses import dataclass
from time import perf_counter

from broker.faults import Bug, Fault
from broker.gate.carry import bind_case, carry_out, is_rejected, reject
from broker.gate.facts import Known, keys_of, look_up
from broker.gate.judge import Forward, Refuse, Reject, authenticate, judge
from broker.gate.outcome import verdict_of
from broker.gate.parked import tell_parked
from broker.hands import Hands
from broker.kept import dump, load
from broker.log import logger
from broker.ports import Arrived
from broker.quota import Quota, Rate
from broker.verdicts import Verdict
from schemas.directory_entry import DirectoryEntry
from schemas.envelope import Envelope, Verified, read_envelope
from schemas.manifest import parse_claims
from schemas.problems import Code, Problem
from schemas.subjects import Stream
from schemas.subjects import verdict as verdict_at

__all__ = ["Gate", "Limits"]


_MESSAGES = Rate(burst=2000, per_s=50.0)
_REFUSALS = Rate(burst=200, per_s=1.0)


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast an agency may send, and how many refusals it is told before it is only counted.

    Far above what people do and far below what would keep others waiting.
    """

    messages: Rate = _MESSAGES
    refusals: Rate = _REFUSALS


@dataclass(frozen=True, slots=True)
class Read:
    """A message whose signatures hold."""

    envelope: Envelope
    verified: Verified


class Gate:
    """Serves every ingress; one instance in the whole broker at a time for each of them."""

    def __init__(self, known: Known, hands: Hands, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        self._known = known
        self._hands = hands
        self._rate = Quota(limits.messages)
        self._refusals = Quota(limits.refusals)

    async def handle(self, message: Arrived) -> None:
        """Bring one message through the gate.

        Raises:
            Fault: Something could not be looked up or stored; the message comes again.

        """
        began = perf_counter()
        ingress = self._known.directory.by_account(message.account or "")
        if ingress is None:
            raise Fault("The ingress belongs to nobody in the directory that we have.")
        if message.deliveries > 1 and (
            await self._resume(message, ingress) or await is_rejected(message, ingress, self._hands)
        ):
            return
        found = self._read(message, ingress)
        if isinstance(found, Reject):
            await self._reject(message, ingress, found.problem)
            return
        verdict = await self._verdict(message, ingress, found)
        await carry_out(verdict, found.envelope, found.verified.manifest, self._known, self._hands)
        _log(verdict, began)

    async def on_parked(self, message: Arrived) -> None:
        """Follow what was set aside: its addressee is told which number does not come.

        Raises:
            Fault: It could not be recorded or told; it comes again.

        """
        await tell_parked(message, self._known, self._hands)

    async def _resume(self, message: Arrived, ingress: DirectoryEntry) -> bool:
        """Do (again) what was decided for these bytes, whatever we would decide now.

        Returns:
            False when nothing was decided yet.

        """
        stands = await self._hands.reading.last(
            Stream.VERDICTS, verdict_at(ingress.account, message.id)
        )
        if stands is None:
            return False
        verdict = load(Verdict, stands.data)
        envelope = read_envelope(message.data)
        manifest = (
            envelope if isinstance(envelope, Problem) else parse_claims(envelope.signed.payload)
        )
        if isinstance(envelope, Problem) or isinstance(manifest, Problem):
            raise Bug("There is a verdict for bytes that cannot be read.")
        await carry_out(verdict, envelope, manifest, self._known, self._hands)
        return True

    def _read(self, message: Arrived, ingress: DirectoryEntry) -> Read | Reject:
        """Everything before the signatures hold. The rate comes first: it costs nothing."""
        place = (message.stream, message.sequence)
        if not self._rate.take(ingress.id, message.arrived_at, place):
            return Reject(Problem(Code.QUOTA_RATE))
        envelope = read_envelope(message.data)
        if isinstance(envelope, Problem):
            return Reject(envelope)
        keys = keys_of(envelope, self._known.directory)
        verified = authenticate(envelope, keys, message.arrived_at)
        if isinstance(verified, Problem):
            return Reject(verified)
        return Read(envelope, verified)

    async def _verdict(self, message: Arrived, ingress: DirectoryEntry, read: Read) -> Verdict:
        """Judge, store, and give what stands: the first verdict for these bytes."""
        subject = verdict_at(ingress.account, message.id)
        facts = await look_up(message, read.verified, ingress, self._known)
        judged: Refuse | Forward = judge(read.envelope, read.verified, facts)
        if isinstance(judged, Forward) and judged.opens:
            # Before the verdict: of two first requests in one case, only one may be let through.
            gatherer = await bind_case(read.verified.manifest.conv, ingress.id, self._known.buckets)
            if gatherer != ingress.id:  # ours, or nobody's, was judged already
                facts = facts.bound_to(gatherer)
                judged = judge(read.envelope, read.verified, facts)
        verdict = verdict_of(
            judged,
            read.envelope,
            read.verified,
            facts,
            directory=self._known.directory.version,
        )
        if await self._hands.writing.create(subject, dump(verdict)):
            return verdict
        stands = await self._hands.reading.last(Stream.VERDICTS, subject)
        if stands is None:
            raise Fault("A verdict was there and is gone.")
        return load(Verdict, stands.data)

    async def _reject(self, message: Arrived, ingress: DirectoryEntry, problem: Problem) -> None:
        """Refuse what nobody is known to have signed; beyond a rate it is only counted."""
        if await self._resume(message, ingress):
            return  # the same bytes came before, and the first verdict on them stands
        place = (message.stream, message.sequence)
        told = self._refusals.take(ingress.id, message.arrived_at, place)
        if told:
            await reject(message, ingress, problem, self._hands)
        logger.info(
            "gate.rejected",
            service="gate",
            agency=ingress.id,
            id=message.id,
            code=problem.code.value,
            count=int(told),
        )


def _log(verdict: Verdict, began: float) -> None:
    """One line for each message: names and codes only."""
    logger.info(
        "gate.judged",
        service="gate",
        agency=verdict.ingress,
        id=verdict.id,
        mt=verdict.mt,
        verdict="forward" if verdict.forwards else "refuse",
        codes=[kept.code.value for kept in verdict.problems],
        elapsed_ms=round((perf_counter() - began) * 1000, 1),
    )
