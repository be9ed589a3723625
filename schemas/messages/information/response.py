"""``information.response/1``: an agency answers questions that it was asked, and nothing else.

From the information officer to the requester alone, after sign-off where the pack wants it. Names
exactly the fields of the questions that it closes (design 10.7), so an answer in part is a response
with fewer questions; a field is held, not held, or withheld with a reason.

Source: domain 2.3, F-RSP of domain 2.5; confidentiality of health data: domain 2.2.2.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from schemas.fields.exchange import SignedOff
from schemas.fields.health import CaldicottRef, ConfidentialityBasis, PatientInformed
from schemas.fields.item import Item
from schemas.fields.sector import Sector, sector_of
from schemas.messages.body import ANSWERS, at
from schemas.messages.message_type import Direction, Effect, MessageType
from schemas.problems import Code, Problem

__all__ = ["TYPE", "Response"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Response:
    """The body of an answer.

    Attributes:
        answers: Field ids to items, all of one sector.
        match_confidence: ``exact`` or ``probable``; if nobody was found, send a nil return.
        signoff: Who signed it off, where the pack wants that.
        confidentiality_basis: Health only, and then required, as the two after it.
        caldicott_ref: The decision that confidentiality gives way.
        patient_informed: Whether the patient was told; a reason exactly if not.
        handling_conditions: Police only: how the answer may be used.

    """

    answers: Mapping[str, Item] = field(metadata=ANSWERS)
    match_confidence: str = field(metadata=at("rsp.match_confidence"))
    signoff: SignedOff | None = field(default=None, metadata=at("rsp.signoff"))
    confidentiality_basis: ConfidentialityBasis | None = field(
        default=None, metadata=at("hlt.confidentiality_basis")
    )
    caldicott_ref: CaldicottRef | None = field(default=None, metadata=at("hlt.caldicott_ref"))
    patient_informed: PatientInformed | None = field(
        default=None, metadata=at("hlt.patient_informed")
    )
    handling_conditions: str | None = field(default=None, metadata=at("pol.handling_conditions"))

    @property
    def sector(self) -> Sector | None:
        """The sector that answers; None if it answers nothing, or mixes sectors."""
        return sector_of(self.answers)

    def problems(self) -> tuple[Problem, ...]:
        """Tell where the parts of the answer contradict each other."""
        if not self.answers:
            return (Problem(Code.FIELD_MISSING),)
        if self.sector is None:
            return (Problem(Code.SECTOR_MIXED),)
        return (*self._health(), *self._police())

    def _health(self) -> Iterator[Problem]:
        given = {
            "hlt.confidentiality_basis": self.confidentiality_basis,
            "hlt.caldicott_ref": self.caldicott_ref,
            "hlt.patient_informed": self.patient_informed,
        }
        for name, value in given.items():
            if self.sector is Sector.HEALTH and value is None:
                yield Problem(Code.FIELD_MISSING, name)
            if self.sector is not Sector.HEALTH and value is not None:
                yield Problem(Code.FIELD_CONTRADICTS, name)
        told = self.patient_informed
        if told is not None and told["informed"] == ("reason" in told):
            yield Problem(Code.FIELD_CONTRADICTS, "hlt.patient_informed")

    def _police(self) -> Iterator[Problem]:
        if self.sector is not Sector.POLICE and self.handling_conditions is not None:
            yield Problem(Code.FIELD_CONTRADICTS, "pol.handling_conditions")


TYPE = MessageType("information.response", 1, Response, Effect.ANSWERS, Direction.TO_REQUESTER)
