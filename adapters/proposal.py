"""From a request to the proposal of an answer: ask the agency's records, keep what they say for a person.

An adapter never sends. What it found is a proposal, sealed in the store, until somebody (or, where
the policy wants nobody, the runtime) lets it go.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, assert_never

from sqlalchemy import Connection, delete, insert, select

from adapters.agency import (
    Address,
    Agency,
    CannotShare,
    Found,
    Match,
    NothingHeld,
    SourceError,
    Subject,
    Wanted,
    Window,
)
from adapters.edge import Edge
from adapters.mailbox import Letter, open_body
from adapters.request_facts import manifest_of
from adapters.store import DRAFTS
from policies.pack_whole import day_in_london
from schemas.encoding import JsonValue, instant_text
from schemas.fields.catalogue import CATALOGUE
from schemas.fields.item import Item, item_json, read_item
from schemas.messages.information.request import Request
from schemas.messages.registry import read_body

__all__ = ["Proposal", "look_up", "proposal", "request_of", "subject_of", "wanted_of", "write_down"]


@dataclass(frozen=True, slots=True, repr=False)
class Proposal:
    """What the agency's own records say to a request, before anybody decided to share it.

    Attributes:
        outcome: ``found``, ``nothing_held``, ``cannot_share``, ``broken`` (a source file is), or
            ``by_hand`` (there is no adapter, or a person began).
        confidence: ``exact``, ``probable`` or ``none``.
        items: Field id to item.
        unanswered: Field id to the reason why a person must look.
        searched: Kinds of systems searched.
        window: First and last day searched, or None.
        reason: Refusal reason that the adapter gave, or None.
        fault: File, place and sentence of a broken source, or None; never a value.

    """

    outcome: str
    confidence: str = "none"
    items: Mapping[str, Item] = field(default_factory=dict)
    unanswered: Mapping[str, str] = field(default_factory=dict)
    searched: tuple[str, ...] = ()
    window: tuple[date, date] | None = None
    reason: str | None = None
    fault: str | None = None

    def with_items(self, items: Mapping[str, Item]) -> "Proposal":
        """The same with a person's items put in."""
        rest = {name: why for name, why in self.unanswered.items() if name not in items}
        return replace(self, outcome="found", items={**self.items, **items}, unanswered=rest)


def request_of(edge: Edge, found: Letter) -> Request:
    """The body of a request that was opened.

    Raises:
        LookupError: It is not a request, or not opened.

    """
    fields = open_body(edge.keys.vault, found)
    body = None if fields is None else read_body(found.mt, fields)
    if isinstance(body, Request):
        return body
    raise LookupError("not a request that was opened")


def subject_of(request: Request) -> Subject:
    """Whom a request is about, as far as this agency was told."""
    given: dict[str, Any] = {name.removeprefix("id."): v for name, v in request.identity.items()}
    address = given.get("address_current")
    current = _address(address) if address else None
    if current is None and given.get("postcode"):
        current = Address(postcode=given["postcode"])
    return Subject(
        family_name=given.get("family_name", ""),
        given_names=given.get("given_names", ""),
        dob=date.fromisoformat(given["dob"]),
        known_as=tuple(given.get("known_as", ())),
        address_current=current,
        addresses_previous=tuple(_address(one) for one in given.get("address_previous", ())),
        upn=given.get("upn"),
        nhs_number=given.get("nhs_number"),
        pnc_id=given.get("pnc_id"),
        setting_urn=given.get("setting_urn"),
        sex_recorded=given.get("sex_recorded"),
    )


def wanted_of(edge: Edge, found: Letter, request: Request) -> Wanted:
    """What a request asks for, with the window of each field's question."""
    wants = manifest_of(found).wants or {}
    fields = {
        name: Window(asked.window_from, asked.window_to)
        for asked in request.questions
        for name in wants.get(asked.qid, ())
    }
    return Wanted(fields, day_in_london(edge.clock.now()))


async def look_up(
    edge: Edge, agency: Agency | None, found: Letter, *, timeout_s: float
) -> Proposal:
    """Ask the agency's records; whatever is wrong with them becomes a proposal for a person.

    Args:
        edge: Who was asked.
        agency: Its records, or None: people answer by hand.
        found: The request, opened.
        timeout_s: How long the records may take.

    """
    if agency is None:
        return Proposal("by_hand")
    request = request_of(edge, found)
    wanted = wanted_of(edge, found, request)
    try:
        async with asyncio.timeout(timeout_s):
            answer = await agency.find(subject_of(request), wanted)
    except SourceError as error:
        return Proposal("broken", fault=str(error))
    except TimeoutError:
        return Proposal("broken", fault=f"The records gave no answer within {timeout_s:g} s.")
    except Exception as error:  # noqa: BLE001 - an adapter's bug must not stop what else comes in
        return Proposal("broken", fault=f"The adapter failed ({type(error).__name__}).")
    if isinstance(answer, Found) and {*answer.items, *answer.unanswered} != set(wanted.fields):
        return Proposal("broken", fault="The adapter told of other fields than were asked for.")
    match answer:
        case Found(confidence=confidence, items=items, unanswered=unanswered):
            return Proposal(
                "found", confidence.value, items, {n: w.value for n, w in unanswered.items()}
            )
        case NothingHeld(searched=searched, window=window):
            return Proposal(
                "nothing_held",
                Match.NONE.value,
                searched=searched,
                window=(window.from_on, window.to_on),
            )
        case CannotShare(reason=reason):
            return Proposal("cannot_share", reason=reason.value)
        case _:
            assert_never(answer)


def write_down(edge: Edge, c: Connection, request: str, found: Proposal) -> None:
    """Keep a proposal, sealed; it takes the place of an earlier one."""
    value = {
        "outcome": found.outcome,
        "confidence": found.confidence,
        "items": {name: item_json(item) for name, item in found.items.items()},
        "unanswered": dict(found.unanswered),
        "searched": list(found.searched),
        "window": None if found.window is None else [day.isoformat() for day in found.window],
        "reason": found.reason,
        "fault": found.fault,
    }
    c.execute(delete(DRAFTS).where(DRAFTS.c.request == request))
    sealed = edge.keys.vault.seal(value, f"drafts/{request}")
    made_at = instant_text(edge.clock.now())
    c.execute(insert(DRAFTS).values(request=request, draft=sealed, made_at=made_at))


def proposal(edge: Edge, c: Connection, request: str) -> Proposal | None:
    """The proposal for a request, or None when nothing was looked up yet."""
    row = c.execute(select(DRAFTS).where(DRAFTS.c.request == request)).one_or_none()
    if row is None:
        return None
    value = edge.keys.vault.open(row.draft, f"drafts/{request}")
    window = value["window"]
    return Proposal(
        value["outcome"],
        value["confidence"],
        {name: _item(name, json_value) for name, json_value in value["items"].items()},
        value["unanswered"],
        tuple(value["searched"]),
        None if window is None else (date.fromisoformat(window[0]), date.fromisoformat(window[1])),
        value["reason"],
        value["fault"],
    )


def _item(name: str, value: JsonValue) -> Item:
    item = read_item(CATALOGUE[name], value)
    if isinstance(item, tuple):
        msg = f"the proposal kept for {name} is none"
        raise TypeError(msg)
    return item


def _address(given: Mapping[str, Any]) -> Address:
    return Address(tuple(given.get("lines", ())), given.get("postcode"), given.get("uprn"))
