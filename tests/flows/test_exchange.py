"""The services as a process over a real server: an exchange, and what a kill leaves behind."""

import asyncio
import hashlib
import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from broker.audit.verify import LogKeys, verify_log
from broker.bus import Bus
from broker.bus_connection import Connection
from schemas.commitment import open_proof
from schemas.feed import check_follows, open_feed
from schemas.receipt import Receipt, Status, acknowledge, read_receipt, sign_receipt
from schemas.sealing import Sealed
from schemas.subjects import ingress
from tests.broker.scene import HEALTH, ORIGIN, PANEL, SCHOOL, _verified, about, request
from tests.builders import messages
from tests.world import PATIENCE_S, World

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("gate", "release", "gathering", "audit")


@dataclass
class Town:
    """A bus with four agencies on it, a process that serves it, and eyes to look with."""

    world: World
    accounts: dict[str, str]
    edges: dict[str, Connection]
    eyes: Bus
    config: Path
    process: asyncio.subprocess.Process | None = None

    @classmethod
    async def found(cls, world: World) -> "Town":
        members = {name: await world.join(name) for name in (PANEL, SCHOOL, HEALTH, "broker")}
        accounts = {name: member.id for name, member in members.items()}
        files = {
            service: str(
                world.bus.credentials_file(service, broker_account=accounts["broker"])  # type: ignore[arg-type]
            )
            for service in SERVICES
        }
        config = world.root / "services.json"
        config.write_text(
            json.dumps(
                {
                    "url": world.bus.url,
                    "credentials": files,
                    "accounts": accounts,
                    "clock": str(world.root / "clock.jsonl"),
                }
            )
        )
        edges = {name: await world.edge(member) for name, member in members.items()}
        return cls(world, accounts, edges, await world.service(), config)

    async def serve(self) -> None:
        """Start the process, and return when it serves; what it says is in ``services.log``."""
        log = (self.world.root / "services.log").open("ab")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.flows.service_process", str(self.config),
            stdout=asyncio.subprocess.PIPE, stderr=log,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )  # fmt: skip
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            said = await self.process.stdout.readline()
        log.close()
        assert said.strip() == b"ready", (self.world.root / "services.log").read_text()[-2000:]

    async def kill(self) -> None:
        """No farewell: SIGKILL."""
        if self.process is not None and self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGKILL)
            await self.process.wait()

    async def send(self, name: str, data: bytes, kind: str = "env") -> None:
        """Put bytes into an agency's ingress, as its edge does."""
        await self.edges[name].store(f"in.{kind}", data)

    async def tell(self, name: str, status: Status, made: Sealed) -> None:
        """Send a receipt."""
        members = {}
        if status is Status.OPENED:
            members["open"] = open_proof(b"k" * 32, made.signed.digest)
        at = self.world.clock.now()
        receipt = Receipt.model_validate(
            {
                "iss": f"urn:dovetail:org:{name}",
                "jti": messages.jti(f"{status} {made.h}", at),
                "iat": int(at.timestamp()),
                "mt": "receipt/1",
                "status": status,
                "at": at,
                "ack": acknowledge(_verified(made)),
                **members,
            }
        )
        text = sign_receipt(receipt, messages._signer(name).ed25519)
        await self.send(name, text.encode(), "receipt")

    async def out(self, name: str, kind: str = "*") -> list[dict[str, str]]:
        subject = f"out.{self.accounts[name]}.{kind}.*"
        return [json.loads(m.data) async for m in self.eyes.read("OUT", subject=subject)]

    async def receipts(self, name: str) -> Counter[tuple[str, str]]:
        found = [read_receipt(one["receipt"]).claimed for one in await self.out(name, "receipt")]  # type: ignore[union-attr]
        return Counter((one.status, one.ack.jti if one.ack else "") for one in found)

    async def until(self, condition, patience_s: float = PATIENCE_S) -> None:
        async with asyncio.timeout(patience_s):
            while not await condition():  # noqa: ASYNC110 - another process makes it true
                await asyncio.sleep(0.05)

    async def logged(self) -> bool:
        """Whether every record has its leaf, its checkpoint and its place in the feeds."""
        records = await self.eyes.newest("RECORDS")
        leaves = await self.eyes.newest("LOG")
        signed = await self.eyes.newest("CHECKPOINTS")
        if records is None or leaves is None or signed is None:
            return False
        size = int(signed.data.split(b"\n")[1])
        return records.sequence == leaves.sequence == size

    async def report(self):
        return verify_log(
            [(m.sequence - 1, m.data) async for m in self.eyes.read("LOG")],
            [m.data async for m in self.eyes.read("RECORDS")],
            [m.data async for m in self.eyes.read("CHECKPOINTS")],
            LogKeys(ORIGIN, *messages.broker().log.public),
        )

    async def feed(self, name: str) -> int:
        """Verify an agency's feed; how long it is."""
        before = None
        subject = f"feed.{self.accounts[name]}.>"
        async for message in self.eyes.read("FEED", subject=subject):
            found = open_feed(message.data, messages._opening(f"{name} feed"))
            assert check_follows(found, before) is None
            before = found
        return before.entry.n if before is not None else 0


@asynccontextmanager
async def town(world: World) -> AsyncIterator[Town]:
    made = await Town.found(world)
    try:
        yield made
    finally:
        await made.kill()


def ask(world: World, number: int = 0) -> Sealed:
    return request(at=world.clock.now(), conv=messages.make_conv(b"case number %04d" % number))


async def test_a_request_its_receipts_and_its_answer(world: World):
    """Request, receipt, content, opened, answer: each once, all recorded, the log verifies."""
    async with town(world) as made:
        await made.serve()
        asked = ask(world)
        await made.send(PANEL, asked.envelope)
        await made.until(lambda: made.out(SCHOOL, "manifest"))
        assert await made.out(SCHOOL, "content") == []
        await made.tell(SCHOOL, Status.DELIVERED, asked)
        await made.until(lambda: made.out(SCHOOL, "content"))
        await made.tell(SCHOOL, Status.OPENED, asked)
        answer = about("information.response/1", asked, at=world.clock.now())
        await made.send(SCHOOL, answer.envelope)
        await made.until(lambda: made.out(PANEL, "manifest"))
        await made.until(made.logged)
        jti = json.loads(asked.signed.payload)["jti"]
        found = await made.receipts(PANEL)
        assert found == Counter({("submitted", jti): 1, ("delivered", jti): 1, ("opened", jti): 1})
        report = await made.report()
        assert report.holds
        assert report.leaves == report.records == 4
        assert await made.feed(PANEL) == await made.feed(SCHOOL) == 4


async def test_a_refused_message_and_one_that_cannot_be_read(world: World):
    """Each gets its signed refusal; neither reaches anybody, only one is recorded."""
    async with town(world) as made:
        await made.serve()
        bad = request(at=world.clock.now(), attest={"no_sensitive_info_s38_5": ...})
        await made.send(PANEL, bad.envelope)
        await made.send(PANEL, b"\x00 not an envelope")
        await made.send(HEALTH, ask(world).envelope)  # another's message by one's own ingress

        async def told() -> bool:
            panel, health = await made.receipts(PANEL), await made.receipts(HEALTH)
            return panel.total() == 2 and health.total() == 1

        await made.until(told)
        await made.until(made.logged)
        assert await made.out(SCHOOL, "manifest") == []
        records = [m.subject.split(".")[2] async for m in made.eyes.read("RECORDS")]
        assert Counter(records) == {made.accounts[PANEL]: 1, made.accounts[HEALTH]: 1}


async def test_a_recall_and_a_collection_race(world: World):
    """Withdrawn and collected at once, many times: one of the two happens, never both or neither."""
    async with town(world) as made:
        await made.serve()
        asked = [ask(world, number) for number in range(8)]
        for one in asked:
            await made.send(PANEL, one.envelope)

        async def all_there() -> bool:
            return len(await made.out(SCHOOL, "manifest")) == len(asked)

        await made.until(all_there)
        at = world.clock.now()

        async def withdraw(one: Sealed) -> None:
            await asyncio.sleep(random.random() * 0.01)
            await made.send(PANEL, about("information.withdrawal/1", one, at=at).envelope)

        async def collect(one: Sealed) -> None:
            await asyncio.sleep(random.random() * 0.01)
            await made.tell(SCHOOL, Status.DELIVERED, one)

        for one in asked:
            await asyncio.gather(withdraw(one), collect(one))

        async def over() -> bool:
            found = await made.receipts(PANEL)
            done = Counter(status for status, _ in found)
            return done["recalled"] + done["delivered"] >= len(asked)

        await made.until(over)
        await made.until(made.logged)
        found = await made.receipts(PANEL)
        for one in asked:
            jti = json.loads(one.signed.payload)["jti"]
            assert found["recalled", jti] + found["delivered", jti] == 1
        collected = {one["h"] for one in await made.out(SCHOOL, "content")}
        assert len(collected) == sum(n for (s, _), n in found.items() if s == "delivered")


async def test_killed_at_any_moment_nothing_is_lost_or_doubled(world: World):
    """SIGKILL at random moments while agencies exchange; at the end everything happened once."""
    async with town(world) as made:
        asked = [ask(world, number) for number in range(10)]
        dice = random.Random()

        async def agencies() -> None:
            """The panel asks; the school collects what it sees, opens it and answers."""
            done: dict[str, set[str]] = {"told": set(), "opened": set()}
            by_h = {one.h: one for one in asked}
            by_text = {one.signed.text: one for one in asked}
            for one in asked:
                await made.send(PANEL, one.envelope)
                await asyncio.sleep(0.1)
            while len(done["opened"]) < len(asked):
                for delivery in await made.out(SCHOOL):
                    if delivery["kind"] == "manifest":
                        one = by_text.get(delivery["manifest"])
                        if one is not None and one.h not in done["told"]:
                            await made.tell(SCHOOL, Status.DELIVERED, one)
                            done["told"].add(one.h)
                    if delivery["kind"] == "content" and delivery["h"] not in done["opened"]:
                        one = by_h[delivery["h"]]
                        await made.tell(SCHOOL, Status.OPENED, one)
                        at = world.clock.now()
                        answer = about("information.response/1", one, at=at)
                        await made.send(SCHOOL, answer.envelope)
                        done["opened"].add(one.h)
                await asyncio.sleep(0.05)

        async def killer() -> None:
            for _ in range(7):
                await made.serve()
                await asyncio.sleep(dice.uniform(0.02, 0.9))
                await made.kill()
            await made.serve()

        await asyncio.gather(agencies(), killer())

        async def answered() -> bool:
            return len(await made.out(PANEL, "manifest")) == len(asked)

        await made.until(answered, 60)

        async def told() -> bool:
            found = await made.receipts(PANEL)
            return sum(status == "opened" for status, _ in found) == len(asked)

        await made.until(told, 60)
        await made.until(made.logged, 60)
        found = await made.receipts(PANEL)
        jtis = [json.loads(one.signed.payload)["jti"] for one in asked]
        assert found == Counter(
            {(status, jti): 1 for status in ("submitted", "delivered", "opened") for jti in jtis}
        )
        records = Counter([m.subject.split(".")[1] async for m in made.eyes.read("RECORDS")])
        assert records == {"gate": 20, "release": 20}
        report = await made.report()
        assert report.holds
        assert report.leaves == report.records == 40
        assert await made.feed(PANEL) == await made.feed(SCHOOL) == 40


async def test_parked_and_brought_back(world: World):
    """Set aside and brought back, a message is judged as if it had arrived then."""
    async with town(world) as made:
        asked = ask(world)
        account = made.accounts[PANEL]
        operator = await world.service("operator")
        sha = hashlib.sha256(asked.envelope).hexdigest()
        headers = {
            "Dovetail-Subject": ingress(account, "env"),
            "Dovetail-Arrived-At": world.clock.now().isoformat(),
            "Dovetail-Reason": "Bug",
        }
        await made.eyes.create(f"parked.gate.{account}.{sha}", asked.envelope, headers=headers)
        await made.serve()
        await made.until(lambda: made.out(SCHOOL, "receipt"))
        [parked] = [one async for one in operator.parked()]
        await operator.unpark(parked.sequence)
        await made.until(lambda: made.out(SCHOOL, "manifest"))
        jti = json.loads(asked.signed.payload)["jti"]
        await made.until(lambda: made.receipts(PANEL))
        assert (await made.receipts(PANEL))["submitted", jti] == 1
        assert (await made.receipts(SCHOOL)).keys() == {("skipped", "")}
