"""What is said about a request, and when: also about one whose time is given in hours."""

from datetime import UTC, datetime, timedelta

import pytest

from broker.gathering.track import look
from broker.requests import Given, Request
from policies.calendar import Division, shipped_bank_holidays
from policies.deadline import Convention
from schemas.messages.registry import body_fields

OPENED = datetime(2026, 11, 16, 9, 0, 0, 123456, tzinfo=UTC)


def request(hours: int | None, working_days: int | None) -> Request:
    """A request to children's services, opened on a Monday morning within a second."""
    return Request(
        h="h" * 43,
        id="0" * 64,
        jti="019a8f00-0000-7000-8000-000000000001",
        iss="northmere-panel",
        aud="northmere-children",
        conv="a" * 26,
        purpose="channel_information_gathering",
        subject_class="child",
        public_task_statement=True,
        from_role="LACC",
        to_role="AIO",
        area="E99000001",
        service=None,
        wants={"C1": ("csc.status",)},
        opened_at=OPENED,
        arrived_at=OPENED,
        given=Given(
            working_days=working_days,
            hours=hours,
            divisions=(Division.ENGLAND_AND_WALES,),
            convention=Convention.CUT_OFF,
            more=2,
            most=5,
        ),
        pack="p" * 43,
        release_until=OPENED + timedelta(days=60),
        calendar="2026",
    )


@pytest.mark.parametrize(("hours", "days"), [(4, None), (None, 5)])
def test_everything_said_of_a_request_can_be_written(hours: int | None, days: int | None) -> None:
    """A due time within a second once kept every reminder of the world from being sent."""
    found = look(request(hours, days), shipped_bank_holidays(), OPENED + timedelta(days=20))
    assert found.steps
    for step in found.steps:
        assert body_fields(step.body)["dl.due_at"]
