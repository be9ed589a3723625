"""What policy may know of a request that the broker keeps. Pure."""

from datetime import datetime

from broker.requests import Request, closed_questions, days_granted, is_open, queries
from policies.check import RequestFacts
from schemas.identifiers import agency_urn

__all__ = ["request_facts"]


def request_facts(request: Request, at: datetime, due_at: datetime | None) -> RequestFacts:
    """Give the facts for a message about a request that came in at ``at``."""
    return RequestFacts(
        jti=request.jti,
        h=request.h,
        iss=agency_urn(request.iss),
        aud=agency_urn(request.aud),
        conv=request.conv,
        wants=request.wants,
        purpose=request.purpose,
        subject_class=request.subject_class,
        public_task_statement=request.public_task_statement,
        open=is_open(request, at),
        closed_questions=closed_questions(request),
        queries=queries(request),
        extension_days=days_granted(request),
        due_at=due_at,
    )
