"""Making messages: numbers without a hole, one transaction, the newest key, statements in one's own words."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from adapters.compose import Draft, Queued, check_draft, send
from adapters.edge import Edge, EdgeFault
from adapters.mailbox import letters, open_body
from adapters.request_facts import manifest_of
from adapters.store import OUTBOX, SEQUENCES
from schemas.directory_entry import Role
from schemas.manifest import Manifest
from schemas.messages.information.withdrawal import Withdrawal
from schemas.messages.registry import read_body
from schemas.problems import Code, Problem
from tests.adapters.edge_hands import ONE, Hands, Message, message_of
from tests.adapters.gatherer.office import HEALTH, PANEL, SCHOOL
from tests.builders import messages
from tests.builders.messages import AREA


def draft_again(hands: Hands, jti: str, **changes: Any) -> Draft:
    """The draft of a request that was sent, with things changed."""
    edge = hands.panel
    kept = hands.letter(edge, jti)
    fields = open_body(edge.keys.vault, kept)
    assert fields is not None
    claims = claims_of(hands, jti)
    body = read_body(kept.mt, {**fields, **changes.pop("fields", {})})
    assert not isinstance(body, tuple), body
    members: dict[str, Any] = {
        "body": body,
        "to": SCHOOL,
        "conv": claims.conv,
        "role": Role.LACC,
        "person": "lacc-0007",
        "to_role": Role.AIO,
        "area": AREA,
        "subject_class": "child",
        "wants": claims.wants,
        "attest": {"no_sensitive_info_s38_5": True, "public_task_statement": True, "third_party_checked": True},
    }  # fmt: skip
    return Draft(**(members | changes))


def claims_of(hands: Hands, jti: str) -> Manifest:
    return manifest_of(hands.letter(hands.panel, jti))


def numbers(edge: Edge, to: str = SCHOOL) -> tuple[int, str] | None:
    with edge.store.read() as c:
        row = c.execute(select(SEQUENCES).where(SEQUENCES.c.aud == to)).one_or_none()
    return None if row is None else (row.seq, row.prev)


def waiting(edge: Edge) -> int:
    with edge.store.read() as c:
        return len(c.execute(select(OUTBOX)).all())


def test_messages_to_one_agency_are_chained(hands: Hands):
    """Each has the next number and names the one before; another agency has its own chain."""
    hands.office.ask(ONE, HEALTH)
    first = [sealed(data) for data in hands.queued(hands.panel)]
    hands.office.ask(
        ONE, reference="NS-2026-015", because="mentors saw new and hostile talk since October here"
    )
    (second,) = hands.queued(hands.panel)
    chained = sealed(second)
    by_agency = {one.to: one.verified.manifest for one in first}
    assert {name: (one.seq, one.prev) for name, one in by_agency.items()} == {
        SCHOOL: (1, ""),
        HEALTH: (1, ""),
    }
    to_school = next(one for one in first if one.to == SCHOOL)
    assert (chained.verified.manifest.seq, chained.verified.manifest.prev) == (2, to_school.h)
    assert numbers(hands.panel) == (2, chained.h)


def sealed(data: bytes) -> Message:
    return message_of(data, messages.signer(PANEL))


def test_what_was_queued_is_kept_as_it_was_sealed(hands: Hands):
    """The letter has the bytes' hash, the manifest, and sealed what only its sender may read again."""
    found = hands.asks()
    kept = hands.letter(hands.panel, found.jti)
    assert (kept.id, kept.h, kept.manifest) == (
        found.envelope.id,
        found.h,
        found.envelope.signed.text,
    )
    assert (kept.way, kept.state, kept.request) == ("out", "queued", found.jti)
    manifest = found.verified.manifest
    assert manifest.exp - manifest.iat == timedelta(hours=24).total_seconds()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"to": "nobody-here"}, Problem(Code.RECIPIENT_UNKNOWN, "manifest.aud")),
        ({"attest": {}}, None),
        ({"role": Role.DPO}, None),
        ({"wants": {"E9": ("edu.nothing",)}}, None),
    ],
)
def test_a_draft_that_is_refused_uses_nothing_up(
    hands: Hands, change: Any, problem: Problem | None
):
    """No number, no row, nothing in the outbox; showing it first finds the same."""
    found = hands.asks()
    before = (numbers(hands.panel), waiting(hands.panel))
    draft = draft_again(hands, found.jti, **change)
    shown, sent = check_draft(hands.panel, draft), send(hands.panel, draft)
    assert isinstance(sent, tuple)
    assert sent
    assert shown == sent
    assert problem in {None, *sent}
    assert (numbers(hands.panel), waiting(hands.panel)) == before
    with hands.panel.store.read() as c:
        assert len(letters(c)) == 1


def test_showing_a_draft_queues_nothing(hands: Hands):
    """A person looks first."""
    found = hands.asks()
    draft = draft_again(hands, found.jti)
    assert check_draft(hands.panel, draft) == ()
    assert waiting(hands.panel) == 1
    assert isinstance(send(hands.panel, draft), Queued)
    assert numbers(hands.panel) is not None
    assert numbers(hands.panel)[0] == 2  # type: ignore[index]  # it is there


def test_a_statement_from_another_case_is_not_ones_own_words(hands: Hands):
    """POL-18: copied from one of the newest requests in other cases; the same case may repeat itself."""
    found = hands.asks()
    same = draft_again(hands, found.jti)
    assert check_draft(hands.panel, same) == ()
    other = draft_again(hands, found.jti, conv=messages.make_conv(b"another case 016"))
    problems = check_draft(hands.panel, other)
    assert {(one.code, one.rule) for one in problems} == {(Code.NECESSITY_INSUFFICIENT, "POL-18")}


def test_the_newest_active_key_is_sealed_to(hands: Hands):
    """Around a rotation; a retired or ended key is not sealed to any more."""
    held = hands.office.directory.held[SCHOOL]
    newer = messages.opening("oakfield-school second")
    listed = next(one for one in held.keys if one.use == "enc")
    more = listed.model_copy(update={"jwk": newer.public.jwk, "kid": newer.kid, "nbf": hands.now})
    hands.office.directory.put(held.model_copy(update={"keys": (*held.keys, more)}))
    assert hands.asks().envelope.content.kids == (newer.kid,)


@pytest.mark.parametrize("change", [{"status": "retired"}, {"exp": timedelta(0)}])
def test_without_a_key_to_seal_to_nothing_is_sent(hands: Hands, change: Any):
    """Nobody could open it."""
    found = hands.asks()
    held = hands.office.directory.held[SCHOOL]
    kid = messages.opening(SCHOOL).kid
    at = {
        name: hands.now if isinstance(value, timedelta) else value for name, value in change.items()
    }
    hands.office.directory.put(messages.with_key(held, kid, **at))
    assert send(hands.panel, draft_again(hands, found.jti)) == (
        Problem(Code.CONTENT_RECIPIENT, "manifest.aud"),
    )


def test_without_a_pack_nothing_is_sent(hands: Hands):
    """What is not listed is refused, and without a pack nothing is listed: a sentence for people."""
    found = hands.asks()
    draft = draft_again(hands, found.jti)
    hands.office.directory.packs.clear()
    with pytest.raises(EdgeFault, match="No policy pack"):
        send(hands.panel, draft)


def test_an_agency_that_is_not_in_the_directory_does_nothing(hands: Hands):
    """Nobody could verify what it signs."""
    found = hands.asks()
    draft = draft_again(hands, found.jti)
    hands.office.directory.held.pop(PANEL)
    with pytest.raises(EdgeFault, match="not in the directory"):
        send(hands.panel, draft)


def test_a_body_that_its_reader_would_refuse_is_not_sent(hands: Hands):
    """Read before it is sealed, as its recipient will."""
    found = hands.asks()
    body = Withdrawal(reason="because", erase_by=hands.now.date())
    draft = draft_again(hands, found.jti, wants=None, attest={})
    refused = send(hands.panel, replace(draft, body=body))
    assert isinstance(refused, tuple)
    assert [one.where for one in refused] == ["wdr.reason"]
