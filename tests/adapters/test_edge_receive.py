"""Manifests as they come: every step of protocol 2.4 that needs no content, each alone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.gatherer.lead import withdraw
from adapters.mailbox import letters
from adapters.receive import receive
from schemas.encoding import dump_json
from schemas.envelope import SignedManifest, read_manifest
from schemas.keys import MessageSigner
from schemas.problems import Code, Problem
from tests.adapters.edge_hands import GATE, RELEASE, Hands, Message
from tests.adapters.gatherer.office import HAND, HEALTH, PANEL, SCHOOL
from tests.builders import messages
from tests.builders.agencies import with_key


def test_a_message_is_announced_opened_and_said_to_be_so(hands: Hands):
    """The receipt comes before the content, and proves that it was opened after."""
    found = hands.asks()
    assert hands.announce(found).what == "announced"
    (delivered,) = hands.said(hands.school)
    assert delivered.status == "delivered"
    assert delivered.ack is not None
    assert delivered.ack.h == found.h
    assert hands.letter(hands.school, found.jti).body is None
    assert hands.hand_out(found).what == "opened"
    (opened,) = hands.said(hands.school)
    assert opened.status == "opened"
    assert hands.letter(hands.school, found.jti).state == "opened"
    assert hands.alarms(hands.school) == []
    assert hands.statuses(hands.school, found.h) == ["delivered", "forwarded", "opened"]


def test_what_comes_again_changes_nothing(hands: Hands):
    """The bus delivers until it is acknowledged: one letter, one receipt of each kind."""
    found = hands.asks()
    for _ in range(3):
        hands.announce(found, hands.receipt("forwarded", found))
    assert [one.status for one in hands.said(hands.school)] == ["delivered"]
    for _ in range(3):
        hands.hand_out(found)
    assert [one.status for one in hands.said(hands.school)] == ["opened"]
    hands.announce(found)
    assert hands.said(hands.school) == []
    with hands.school.store.read() as c:
        assert len(letters(c)) == 1


# --------------------------------------------------------------- what is the broker's doing


def wrong_service(hands: Hands, found: Message) -> Any:
    return found, hands.receipt("forwarded", found, key=RELEASE)


def signed_by_an_agency(hands: Hands, found: Message) -> Any:
    return found, hands.receipt("forwarded", found, messages.agency(PANEL).receipts, PANEL)


def in_the_brokers_name(hands: Hands, found: Message) -> Any:
    return found, hands.receipt("forwarded", found, messages.agency(PANEL).receipts)


def in_another_name(hands: Hands, found: Message) -> Any:
    return found, hands.receipt("forwarded", found, GATE, PANEL)


def of_a_key_unknown(hands: Hands, found: Message) -> Any:
    return found, hands.receipt("forwarded", found, messages.signer("nobody").ed25519)


def about_another_message(hands: Hands, found: Message) -> Any:
    other = hands.forged(found, claims={"jti": messages.jti("another")})
    return found, hands.receipt("forwarded", other)


def of_another_kind(hands: Hands, found: Message) -> Any:
    return found, hands.receipt("submitted", found)


def no_receipt(hands: Hands, found: Message) -> Any:
    return found, "{}"


def changed_receipt(hands: Hands, found: Message) -> Any:
    text, _, signature = hands.receipt("forwarded", found).partition('"signature":"')
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    return found, f'{text}"signature":"{flipped}'


def no_manifest(hands: Hands, found: Message) -> Any:
    signed = replace(found.envelope.signed, text="{}")
    return replace(found, envelope=replace(found.envelope, signed=signed)), None


def for_somebody_else(hands: Hands, found: Message) -> Any:
    aud = [messages.agency(HEALTH).urn]
    return hands.forged(found, claims={"aud": aud}), None


def by_keys_unknown(hands: Hands, found: Message) -> Any:
    return hands.forged(found, sender="nobody"), None


def by_the_keys_of_two(hands: Hands, found: Message) -> Any:
    one, other = messages.signer(PANEL), messages.signer(HEALTH)
    return hands.forged(found, signer=MessageSigner(one.ed25519, other.ml_dsa_65)), None


def by_somebody_else(hands: Hands, found: Message) -> Any:
    return hands.forged(found, sender=HEALTH), None


def by_no_valid_signature(hands: Hands, found: Message) -> Any:
    signed = found.envelope.signed
    other = hands.forged(found, claims={"jti": messages.jti("another")}).envelope.signed
    theirs, ours = (one.text.split('"signature":"') for one in (other, signed))
    text = '"signature":"'.join((*ours[:2], theirs[2]))
    swapped = read_manifest(text)
    assert isinstance(swapped, SignedManifest)
    return replace(found, envelope=replace(found.envelope, signed=swapped)), None


def by_the_gates_key(hands: Hands, found: Message) -> Any:
    broker = messages.broker()
    signer = MessageSigner(broker.gate, broker.signer.ml_dsa_65)
    return hands.forged(found, signer=signer, claims={"iss": broker.entry.urn}), None


UNTRUE: list[tuple[Callable[[Hands, Message], Any], Code]] = [
    (wrong_service, Code.SENDER_NOT_THE_SIGNER),
    (signed_by_an_agency, Code.SENDER_NOT_THE_SIGNER),
    (in_the_brokers_name, Code.SENDER_NOT_THE_SIGNER),
    (in_another_name, Code.SENDER_NOT_THE_SIGNER),
    (of_a_key_unknown, Code.KEY_UNKNOWN),
    (about_another_message, Code.RECEIPT_MISMATCH),
    (of_another_kind, Code.RECEIPT_MISMATCH),
    (no_receipt, Code.MESSAGE_MALFORMED),
    (changed_receipt, Code.SIGNATURE_INVALID),
    (no_manifest, Code.MESSAGE_MALFORMED),
    (for_somebody_else, Code.RECIPIENT_NOT_YOU),
    (by_keys_unknown, Code.KEY_UNKNOWN),
    (by_the_keys_of_two, Code.SENDER_NOT_THE_SIGNER),
    (by_somebody_else, Code.SENDER_NOT_THE_SIGNER),
    (by_no_valid_signature, Code.SIGNATURE_INVALID),
    (by_the_gates_key, Code.KEY_NOT_VALID),
]


@pytest.mark.parametrize(("bend", "code"), UNTRUE, ids=[bend.__name__ for bend, _ in UNTRUE])
def test_what_an_honest_gate_never_forwards_is_put_aside(hands: Hands, bend: Any, code: Code):
    """It calls somebody; no letter, no receipt, no number is made of it; the true one is taken after."""
    found = hands.asks()
    bent, receipt = bend(hands, found)
    assert hands.announce(bent, receipt, to=SCHOOL).what == "aside"
    assert hands.alarms(hands.school) == [f"delivery.{code}"]
    assert hands.said(hands.school) == []
    assert hands.aside(hands.school) == 1
    assert hands.bring(found).what == "opened"
    assert hands.alarms(hands.school) == [f"delivery.{code}"]


@pytest.mark.parametrize("kid", [0, 1])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": "revoked", "revoked_at": timedelta(0)}, Code.KEY_REVOKED),
        ({"status": "revoked", "revoked_at": timedelta(hours=-1)}, Code.KEY_REVOKED),
        ({"nbf": timedelta(seconds=1)}, Code.KEY_NOT_VALID),
        ({"exp": timedelta(0)}, Code.KEY_NOT_VALID),
        ({"nbf": timedelta(hours=-1)}, None),
        ({"status": "revoked", "revoked_at": timedelta(seconds=1)}, None),
        ({"status": "retired"}, None),
    ],
)
def test_keys_hold_when_it_says_and_when_it_came(hands: Hands, kid: int, change: Any, code: Any):
    """Either key, at either instant: a revoked key cannot speak by dating itself back."""
    found = hands.asks()
    at = {name: hands.now + value for name, value in change.items() if isinstance(value, timedelta)}
    entry = messages.agency(PANEL).entry
    changed = with_key(entry, found.envelope.signed.kids[kid], **(change | at))
    held = hands.office.directory.held[PANEL]
    hands.office.directory.put(held.model_copy(update={"keys": changed.keys}))
    came = hands.announce(found)
    assert came.what == ("announced" if code is None else "aside")
    assert hands.alarms(hands.school) == ([] if code is None else [f"delivery.{code}"])


def test_a_key_that_ended_before_it_was_made_does_not_sign(hands: Hands):
    """A message dated before its key began is not its sender's, whenever it came."""
    found = hands.asks()
    hands.office.later(hours=2)
    held = hands.office.directory.held[PANEL]
    began = hands.now - timedelta(hours=1)
    hands.office.directory.put(with_key(held, found.envelope.signed.kids[0], nbf=began))
    assert hands.announce(found).what == "aside"
    assert hands.alarms(hands.school) == ["delivery.key.not_valid"]


def test_a_sender_of_whom_the_directory_does_not_know_yet_waits(hands: Hands):
    """Nothing is lost to an old directory: what was put aside is taken when a newer one knows the key."""
    found = hands.asks()
    held = hands.office.directory.held.pop(PANEL)
    assert hands.announce(found).what == "aside"
    hands.office.directory.put(held)
    assert hands.announce(found).what == "announced"


def test_a_pack_of_which_the_directory_does_not_know_yet_waits(hands: Hands):
    """The gate judged by a newer directory: that is no reason to reject."""
    found = hands.asks()
    packs = dict(hands.office.directory.packs)
    hands.office.directory.packs.clear()
    assert hands.announce(found).what == "aside"
    assert hands.said(hands.school) == []
    hands.office.directory.packs.update(packs)
    assert hands.bring(found).what == "opened"


# --------------------------------------------------------------- what is the sender's doing


@pytest.mark.parametrize(
    ("claims", "problem"),
    [
        ({"mt": "information.unheard_of/1"}, Code.TYPE_UNKNOWN),
        ({"legal": {"art6": "A6-1-f"}}, Code.BASIS_NOT_ALLOWED),
        ({"marking": {"tier": "SECRET"}}, Code.MARKING_TOO_HIGH),
        ({"attest": {"no_sensitive_info_s38_5": ...}}, Code.ATTESTATION_MISSING),
        ({"retain_until": "2046-01-01"}, Code.RETENTION_TOO_LONG),
        ({"from": {"role": "DPO"}}, None),
        ({"iat": 301, "exp": 301}, Code.TIME_IN_FUTURE),
        ({"iat": -86_401, "exp": -86_401}, Code.TIME_TOO_OLD),
    ],
)
def test_policy_is_held_again(hands: Hands, claims: Any, problem: Code | None):
    """What the gate let through against policy is rejected, signed, and the content is never asked for."""
    found = hands.asks()
    for name in ("iat", "exp"):
        if name in claims:
            claims = claims | {name: getattr(found.verified.manifest, name) + claims[name]}
    bent = hands.forged(found, claims=claims)
    assert hands.announce(bent).what == "rejected"
    (said,) = hands.said(hands.school)
    assert said.status == "rejected"
    codes = {one.code for one in said.problems or ()}
    assert problem is None or problem in codes
    kept = hands.letter(hands.school, bent.jti)
    assert (kept.state, kept.body) == ("rejected", None)
    assert hands.alarms(hands.school) == ["message.rejected"]
    assert hands.hand_out(bent).what == "repeated"
    assert hands.announce(bent).what == "repeated"
    assert hands.said(hands.school) == []


@pytest.mark.parametrize("second", [300, -86_400])
def test_the_last_second_is_in_time(hands: Hands, second: int):
    """Five minutes ahead and a day behind are still believed."""
    found = hands.asks()
    iat = found.verified.manifest.iat + second
    assert (
        hands.announce(hands.forged(found, claims={"iat": iat, "exp": iat + 60})).what
        == "announced"
    )


def test_an_id_is_used_once(hands: Hands):
    """Another message with an id that was used is rejected once, and the first keeps its place."""
    found = hands.asked()
    other = hands.forged(found, claims={"seq": 2, "prev": found.h})
    assert hands.announce(other).what == "rejected"
    (said,) = hands.said(hands.school)
    assert next(one.code for one in said.problems or ()) == Code.MESSAGE_ID_REUSED
    assert hands.letter(hands.school, found.jti).h == found.h
    assert hands.announce(other).what == "repeated"
    assert hands.said(hands.school) == []
    assert hands.hand_out(other).what == "aside"


def test_a_withdrawal_of_what_never_came_is_taken(hands: Hands):
    """A request that was recalled before anybody came for it needs no answer, and alarms nobody."""
    first = hands.asks()
    assert not isinstance(
        withdraw(hands.panel, first.jti, "no_longer_needed", HAND), Problem | tuple
    )
    found = hands.sent(hands.panel)
    assert hands.bring(found).what == "opened"
    assert hands.alarms(hands.school) == ["sequence.gap"]
    recalled = hands.receipt("recalled", first, key=RELEASE)
    assert hands.tell(hands.school, recalled).what == "receipt"
    assert hands.alarms(hands.school) == []


def test_any_other_message_about_an_unknown_request_is_rejected(hands: Hands):
    """An answer to nothing that was asked is no answer."""
    request = hands.asked()
    answer = hands.forged(
        request,
        claims={"mt": "information.extension_decision/1", "wants": ..., "necessity": ..., "seq": 2, "prev": request.h,
                "jti": messages.jti("decision"), "req": {"jti": messages.jti("none"), "h": request.h}},
    )  # fmt: skip
    assert hands.announce(answer).what == "rejected"
    (said,) = hands.said(hands.school)
    assert Code.REQUEST_UNKNOWN in {one.code for one in said.problems or ()}


# ------------------------------------------------------------------------------- deliveries


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not json",
        b'{"v":1,"kind":"manifest"}',
        b'{"v":2,"kind":"manifest","manifest":"","receipt":""}',
        b'{"v":true,"kind":"manifest","manifest":"","receipt":""}',
        b'{"v":1,"kind":"content","manifest":"","receipt":""}',
        b'{"v":1,"kind":"manifest","manifest":1,"receipt":""}',
        b'{"v":1,"kind":"manifest","receipt":"","manifest":""}',
        b'{"v":1,"kind":"manifest","manifest":"","receipt":"","more":""}',
        b'{"v": 1,"kind":"manifest","manifest":"","receipt":""}',
        b'{"v":1,"kind":"manifest","manifest":"","manifest":"","receipt":""}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_what_is_no_delivery_is_put_aside(hands: Hands, data: bytes):
    """Malformed bytes are one alarm, and nothing else changes."""
    assert receive(hands.school, "manifest", data, hands.now).what == "aside"
    assert hands.alarms(hands.school) == ["delivery.unreadable"]
    assert hands.aside(hands.school) == 1


def test_a_kind_of_which_nobody_told_us_waits(hands: Hands):
    """A newer broker may deliver what this program does not know: a newer one will."""
    data = dump_json({"v": 1, "kind": "summary", "text": "x"})
    assert receive(hands.school, "summary", data, hands.now).what == "aside"
    assert hands.alarms(hands.school) == ["delivery.unreadable"]


# ----------------------------------------------------------------------------------- clocks


@pytest.mark.parametrize(
    ("arrived", "stored", "alarmed"),
    [
        (0, 0, False),
        (-300, 0, False),
        (-301, 0, True),
        (0, -300, False),
        (0, -301, True),
        (300, 300, False),
        (301, 301, True),
        (-3600, -3600, False),
    ],
)
def test_a_broker_whose_clock_disagrees_is_noticed(
    hands: Hands, arrived: int, stored: int, alarmed: bool
):
    """Past five minutes between arrival and handing over, or in our future: the message is taken all the same."""
    found = hands.asks()
    arrived_at = hands.now + timedelta(seconds=arrived)
    if arrived < 0:
        iat = found.verified.manifest.iat + arrived
        found = hands.forged(found, claims={"iat": iat, "exp": iat + 60})
    told = hands.receipt("forwarded", found, arrived_at=arrived_at)
    stored_at = hands.now + timedelta(seconds=stored)
    data = hands.manifest_of(found, told)
    assert receive(hands.school, "manifest", data, stored_at).what == "announced"
    assert ("clock.broker_disagrees" in hands.alarms(hands.school)) is alarmed


def test_a_forgery_without_a_bend_is_good(hands: Hands):
    """What a test bends is all that is wrong with its message."""
    assert hands.bring(hands.forged(hands.asks())).what == "opened"
