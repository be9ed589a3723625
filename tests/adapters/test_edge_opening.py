"""Contents as they come: what is not the one signed, not for us, not as declared, or not fit, is not shown."""

from dataclasses import replace
from typing import Any

import pytest

from adapters import aside
from adapters.mailbox import change_letter, open_body
from adapters.proof import evidence, smuggling
from adapters.receive import receive
from policies.necessity import necessity_digest
from schemas.commitment import disclosure, salt_key
from schemas.encoding import dump_json, parse_json
from schemas.problems import Code
from tests.adapters.edge_hands import Hands, Message, forge
from tests.adapters.gatherer.office import HEALTH, PANEL, SCHOOL
from tests.builders import messages
from tests.builders.agencies import with_key

CANARY = "canary-5f1e"


def undeclared(lines: list[bytes]) -> list[bytes]:
    return [*lines, disclosure(salt_key(b"k" * 32), "id.upn", CANARY)]


@pytest.mark.parametrize(
    ("bends", "code"),
    [
        ({"lines": undeclared}, Code.DISCLOSURE_UNDECLARED),
        ({"lines": lambda lines: lines[:-1]}, Code.DISCLOSURE_MISSING),
        ({"lines": lambda lines: [*lines, lines[0]]}, Code.DISCLOSURE_REPEATED),
        ({"lines": lambda lines: [*lines[1:], lines[0]]}, Code.DISCLOSURE_FORM),
        ({"lines": lambda lines: [*lines[:-1], lines[-1] + b" "]}, Code.DISCLOSURE_UNDECLARED),
        ({"salts": b"s" * 32}, Code.DISCLOSURE_SALT),
        ({"padded_bytes": 16_384}, Code.CONTENT_PADDING),
    ],
)
def test_smuggling_is_rejected_and_proven(hands: Hands, bends: Any, code: Code):
    """The sender signed what breaks the protocol: an arbiter without keys finds so, and nobody sees it."""
    found = hands.forged(hands.asks(), **bends)
    assert hands.bring(found).what == "rejected"
    said = hands.said(hands.school)
    assert [one.status for one in said] == ["delivered", "rejected"]
    assert [one.code for one in said[1].problems or ()] == [code]
    kept = hands.letter(hands.school, found.jti)
    assert (kept.state, kept.body) == ("rejected", None)
    assert "message.rejected" in hands.alarms(hands.school)
    finding = smuggling(hands.school, kept)
    assert finding is not None
    assert (finding.verdict, finding.against) == ("proven", messages.agency(PANEL).urn)
    assert finding.problem is not None
    assert finding.problem.code is code
    assert hands.hand_out(found).what == "repeated"
    assert hands.said(hands.school) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"id.dob": "2010-02-31"}, Code.FIELD_INVALID),
        ({"id.dob": 20100203}, Code.FIELD_INVALID),
        ({"id.family_name": "Robin\u202e"}, None),
        ({"ask.questions": []}, None),
        ({"ask.concern_level": "L9"}, None),
        ({"id.upn": "A123456789099"}, None),
        ({"pol.unheard_of": "x"}, None),
    ],
)
def test_values_have_their_catalogues_form(hands: Hands, fields: Any, code: Code | None):
    """What the manifest declares must also be what the catalogue calls so."""
    found = hands.forged(hands.asks(), fields=fields)
    came = hands.announce(found)
    if came.what == "announced":
        came = hands.hand_out(found)
    assert came.what == "rejected"
    problems = hands.letter(hands.school, found.jti).problems
    assert problems
    assert code is None or code in {one.code for one in problems} or "field" in problems[0].code
    assert all(str(value) not in repr(problems) for value in fields.values() if value)


def test_rules_that_need_values_are_held_where_they_can_be_read(hands: Hands):
    """The gate sees no value: two people in one name are found here."""
    found = hands.forged(hands.asks(), fields={"id.family_name": "Exemplar and Sample"})
    assert hands.bring(found).what == "rejected"
    kept = hands.letter(hands.school, found.jti)
    assert kept.body is None
    assert {one.rule for one in kept.problems} == {"POL-20"}
    finding = smuggling(hands.school, kept)
    assert finding is not None
    assert finding.verdict == "no_finding"


@pytest.mark.parametrize(
    ("necessity", "rule"),
    [
        (
            "It is necessary for the case that we are given this information about the person.",
            "POL-18",
        ),
        (
            "The family's asylum application makes it needful to know about support in school.",
            "POL-27",
        ),
    ],
)
def test_what_a_request_says_is_held_to_policy(hands: Hands, necessity: str, rule: str):
    """A statement that says nothing, or what must never be sent, though its digest is the declared one."""
    request = hands.asks()
    fields = open_body(hands.panel.keys.vault, hands.letter(hands.panel, request.jti))
    assert fields is not None
    questions: Any = fields["ask.questions"]
    other = {**fields, "ask.questions": [{**one, "necessity": necessity} for one in questions]}
    claims = {"necessity": {"h": necessity_digest(other)}}
    found = hands.forged(request, fields=other, claims=claims)
    assert hands.bring(found).what == "rejected"
    assert rule in {one.rule for one in hands.letter(hands.school, found.jti).problems}


def test_particulars_of_part_3_stand_with_part_3_alone(hands: Hands):
    """A school is no competent authority: an item of its answer says nothing of suspects."""
    answer = hands.answered()
    p3 = {"subject_category": "suspect", "fact_or_assessment": "fact", "reliability": "1AP", "as_at": "2026-11-13"}  # fmt: skip
    item = {"state": "held", "value": {"status": "early_help"}, "kind": "fact", "as_at": "2026-11-13", "source": "Sample MIS", "p3": p3}  # fmt: skip
    found = hands.forged(answer, sender=SCHOOL, fields={"edu.safeguarding_status": item})
    assert hands.bring(found).what == "rejected"
    assert "POL-08" in {one.rule for one in hands.letter(hands.panel, found.jti).problems}


def test_an_answer_may_hold_no_more_than_was_asked(hands: Hands):
    """Over-sharing that a gate let through is stopped at the panel, by the manifest alone."""
    answer = hands.answered()
    more = {"edu.year_group": {"state": "not_held"}}
    assert hands.announce(hands.forged(answer, sender=SCHOOL, fields=more)).what == "rejected"


def test_a_necessity_that_is_not_the_one_declared_is_rejected(hands: Hands):
    """The statement is in the body, its digest in the manifest: the two must be one."""
    request = hands.asks()
    fields = open_body(hands.panel.keys.vault, hands.letter(hands.panel, request.jti))
    assert fields is not None
    questions: Any = fields["ask.questions"]
    other = [{**one, "necessity": "Any other reason would do as well, we suppose, for this school."} for one in questions]  # fmt: skip
    assert hands.bring(hands.forged(request, fields={"ask.questions": other})).what == "rejected"


# ------------------------------------------------------------------------------ not this content


def spoiled(text: str) -> str:
    value = parse_json(text.encode(), limit_bytes=1 << 20)
    assert isinstance(value, dict)
    sealed = str(value["ciphertext"])
    return dump_json(
        value | {"ciphertext": ("B" if sealed[0] == "A" else "A") + sealed[1:]}
    ).decode()


@pytest.mark.parametrize("swap", [spoiled, lambda text: text + " ", lambda _: "{}", lambda _: ""])
def test_a_content_that_was_not_signed_proves_nothing(hands: Hands, swap: Any):
    """It is rejected and kept out, and nobody is accused of it."""
    found = hands.asks()
    hands.announce(found)
    assert hands.hand_out(found, swap(found.envelope.content.text)).what == "rejected"
    kept = hands.letter(hands.school, found.jti)
    assert [one.code for one in kept.problems] == [Code.CONTENT_HASH]
    assert evidence(hands.school, kept) is None
    assert smuggling(hands.school, kept) is None


def test_a_content_of_another_message_is_not_this_ones(hands: Hands):
    """Two contents exchanged on the way are both rejected."""
    first = hands.asks()
    second = hands.forged(first, claims={"jti": messages.jti("two"), "seq": 2, "prev": first.h})
    hands.announce(first)
    hands.announce(second)
    assert hands.hand_out(first, second.envelope.content.text).what == "rejected"
    assert hands.hand_out(second, first.envelope.content.text).what == "rejected"


def resealed(hands: Hands, found: Message, *keys: Any) -> Message:
    """The message sealed to other keys."""
    fields = open_body(hands.panel.keys.vault, hands.letter(hands.panel, found.jti))
    claims = parse_json(found.verified.signed.payload, limit_bytes=1 << 20)
    assert isinstance(claims, dict)
    assert fields is not None
    plain = {name: value for name, value in claims.items() if name not in {"_sd_alg", "f"}}
    return forge(plain, fields, messages.signer(PANEL), [key.public for key in keys])


def test_a_content_is_sealed_to_us_alone(hands: Hands):
    """A second reader, or another one, is no recipient; a key of ours that we let go opens nothing."""
    found = hands.asks()
    ours, other = messages.opening(SCHOOL), messages.opening(HEALTH)
    assert hands.bring(resealed(hands, found, ours, other)).what == "rejected"
    kept = hands.letter(hands.school, found.jti)
    assert [one.code for one in kept.problems] == [Code.CONTENT_RECIPIENT]
    assert kept.cek is None


def new_key(hands: Hands) -> Any:
    """The directory lists a further key of the school."""
    held = hands.office.directory.held[SCHOOL]
    key = messages.opening("oakfield-school second")
    listed = next(one for one in held.keys if one.use == "enc")
    more = listed.model_copy(update={"jwk": key.public.jwk, "kid": key.kid, "nbf": hands.now})
    hands.office.directory.put(held.model_copy(update={"keys": (*held.keys, more)}))
    return key


def test_around_a_rotation_one_of_our_keys_opens(hands: Hands):
    """A content sealed to a key that is ours in the directory and gone here opens by the other."""
    found = hands.asks()
    second = new_key(hands)
    assert hands.bring(resealed(hands, found, second, messages.opening(SCHOOL))).what == "opened"


def test_a_key_that_is_gone_opens_nothing(hands: Hands):
    """It is said to be so: the sender may send again, to a key that is there."""
    found = hands.asks()
    second = new_key(hands)
    assert hands.bring(resealed(hands, found, second)).what == "rejected"
    problems = hands.letter(hands.school, found.jti).problems
    assert [one.code for one in problems] == [Code.CONTENT_CANNOT_OPEN]


def test_a_key_that_was_not_committed_to_opens_nothing(hands: Hands):
    """One ciphertext may open to two keys: the sender's word says which one it is."""
    found = hands.forged(hands.asks(), committed=b"c" * 32)
    assert hands.bring(found).what == "rejected"
    kept = hands.letter(hands.school, found.jti)
    assert [one.code for one in kept.problems] == [Code.CONTENT_KEY_COMMITMENT]
    assert evidence(hands.school, kept) is None


# ------------------------------------------------------------------------------- out of order


def test_a_content_before_its_manifest_waits(hands: Hands):
    """It opens nothing, and is there once the manifest is."""
    found = hands.asks()
    assert hands.hand_out(found).what == "aside"
    assert hands.alarms(hands.school) == ["delivery.content_for_nothing"]
    hands.announce(found)
    assert hands.hand_out(found).what == "opened"
    assert hands.aside(hands.school) == 0


def test_a_content_whose_sender_lost_its_keys_meanwhile_waits(hands: Hands):
    """Revoked as of before the arrival: what was announced is not opened, and somebody is called."""
    found = hands.asks()
    hands.announce(found)
    held = hands.office.directory.held[PANEL]
    gone = with_key(held, found.envelope.signed.kids[1], status="revoked", revoked_at=hands.now)
    hands.office.directory.put(gone)
    assert hands.hand_out(found).what == "aside"
    assert hands.alarms(hands.school) == ["delivery.key.revoked"]
    assert hands.letter(hands.school, found.jti).body is None


def test_a_recalled_request_is_not_opened(hands: Hands):
    """Release destroys it unread; a content that comes all the same changes nothing."""
    found = hands.asks()
    hands.announce(found)
    hands.tell(hands.school, hands.receipt("recalled", found, key=messages.broker().release))
    assert hands.letter(hands.school, found.jti).state == "recalled"
    assert hands.hand_out(found).what == "repeated"


def test_too_much_that_waits_stays_with_the_bus(hands: Hands, monkeypatch: pytest.MonkeyPatch):
    """Nobody fills our disk: past the limit a delivery is not taken, and not acknowledged."""
    monkeypatch.setattr(aside, "MOST_ASIDE", 2)
    came = [
        receive(hands.school, "manifest", data, hands.now).what for data in (b"1", b"2", b"3", b"1")
    ]
    assert came == ["aside", "aside", "full", "aside"]
    assert "aside.full" in hands.alarms(hands.school)


def test_a_store_that_holds_no_manifest_is_a_fault_of_ours(hands: Hands):
    """A damaged row is not taken for a message."""
    found = hands.asks()
    hands.announce(found)
    with hands.school.store.change() as c:
        change_letter(c, "in", found.jti, manifest="{}")
    with pytest.raises(TypeError):
        hands.hand_out(found)


def test_what_proves_nothing_is_no_proof(hands: Hands):
    """Without a key, or with a sender whom the directory has no more, there is no finding."""
    found = hands.forged(hands.asks(), padded_bytes=16_384)
    hands.bring(found)
    kept = hands.letter(hands.school, found.jti)
    assert smuggling(hands.school, replace(kept, cek=None)) is None
    assert smuggling(hands.school, replace(kept, content=None)) is None
    assert smuggling(hands.school, replace(kept, manifest="{}")) is None
    hands.office.directory.held.pop(PANEL)
    assert smuggling(hands.school, kept) is None
