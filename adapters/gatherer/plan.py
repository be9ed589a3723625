"""From an enquiry to one agency's request: what exactly it would receive, before anything leaves.

Every choice follows from the pack in force with the overlays of both areas: which fields may be
asked under a question, which identifiers the agency's sector may be given (POL-10), how much of the
concern it may be told. Nothing here is sent or kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from adapters.compose import Draft
from adapters.edge import Edge
from adapters.gatherer.enquiry import Asking, Enquiry
from adapters.gatherer.planned import (
    Notice,
    Person,
    Plan,
    PlannedField,
    PlannedQuestion,
    Warns,
)
from adapters.gatherer.templates import default_questions, necessity, template_of, window
from policies.calendar import (
    BankHolidays,
    CalendarChoice,
    Division,
    NotWorked,
    calendar_for,
)
from policies.clock_extension import expected
from policies.deadline import Due, Elapsed, Terms, civil_date, due
from policies.overlay import tightened_for
from policies.pack_values import DeadlineRule, IdentityField
from policies.pack_whole import Pack, day_in_london
from schemas.directory_entry import Contact, DirectoryEntry, Role
from schemas.encoding import JsonValue
from schemas.fields.asking import PUBLIC_TASK_STATEMENT, ConcernLevel
from schemas.fields.catalogue import CATALOGUE, QUESTIONS
from schemas.fields.forms import WorkContact
from schemas.fields.sector import Sector
from schemas.messages.information.request import Asked, Request
from schemas.problems import Code, Problem

__all__ = ["Notice", "Person", "Plan", "PlannedField", "PlannedQuestion", "Warns", "plan"]

#: A contact that nobody has confirmed for so long may be wrong (domain 6.1, W1).
STALE = timedelta(days=90)
_LEVELS: tuple[ConcernLevel, ...] = ("L0", "L1", "L2")


def plan(
    edge: Edge, enquiry: Enquiry, asking: Asking, person: Person, holidays: BankHolidays
) -> Plan:
    """Work out one agency's request.

    Args:
        edge: Who asks.
        enquiry: All that is wanted.
        asking: The part for this agency.
        person: Whom it is about.
        holidays: The list of bank holidays in force.

    Returns:
        The plan; what is wrong with it as far as it can be told without sealing.

    """
    recipient = edge.directory.entry(asking.agency)
    if recipient is None:
        problems = (Problem(Code.RECIPIENT_UNKNOWN, "manifest.aud"),)
        return Plan(asking=asking, name=asking.agency, problems=problems)
    now = edge.clock.now()
    area = _area(edge.entry, recipient, enquiry.area, now)
    pack = tightened_for(edge.pack(now), (*edge.entry.area, area), day_in_london(now))
    sector = pack.sector_of(recipient.kind)
    if sector is None:
        problems = (Problem(Code.RECIPIENT_NOT_ALLOWED, "manifest.aud"),)
        return Plan(asking=asking, name=recipient.name, problems=problems)
    made = _Making(edge, enquiry, asking, person, recipient, pack, sector, area, now)
    return made.plan(holidays)


def _area(ours: DirectoryEntry, theirs: DirectoryEntry, wanted: str | None, at: datetime) -> str:
    """Choose the area: the one wanted, else one that both serve, else the first of theirs."""
    if wanted is not None:
        return wanted
    held = [area for one in theirs.roles if one.role is Role.AIO for area in one.areas]
    held = [area for area in held if theirs.holds(Role.AIO, area, at)] or list(theirs.area)
    both = [area for area in held if area in ours.area]
    return next(iter([*both, *held, *ours.area]))


@dataclass(frozen=True, slots=True, repr=False)
class _Making:
    """One plan in the making."""

    edge: Edge
    enquiry: Enquiry
    asking: Asking
    person: Person
    recipient: DirectoryEntry
    pack: Pack
    sector: str
    area: str
    now: datetime

    def plan(self, holidays: BankHolidays) -> Plan:
        """Put the parts together."""
        problems: list[Problem] = []
        questions = self._questions(problems)
        contact = self._contact(problems)
        level = self._level()
        identity = self._identity(tuple(one.id for one in questions))
        deadline = self.pack.types["information.request"].deadline or DeadlineRule(5, 1, 5)
        terms = self._terms(deadline, problems)
        found, skipped = self._due(terms, holidays)
        post = self._post()
        draft = None
        if contact is not None and questions and not problems:
            draft = self._draft(questions, identity, level, contact)
        return Plan(
            asking=self.asking,
            name=self.recipient.name,
            post=post,
            questions=questions,
            identity=tuple(
                PlannedField(name, CATALOGUE[name].label, one.why)
                for name, (one, _) in identity.items()
            ),
            level=level,
            due=found,
            holidays=skipped,
            warnings=(*self._about_time(found), *self._about_post(post)),
            problems=tuple(problems),
            draft=draft,
        )

    def _questions(self, problems: list[Problem]) -> tuple[PlannedQuestion, ...]:
        chosen = self.asking.questions
        if chosen is None:
            chosen = default_questions(Sector(self.sector))
        may = self.pack.may_ask(self.recipient.kind)
        asked = []
        for qid in dict.fromkeys(chosen):
            names = [name for name in may if may[name].question == qid]
            if qid not in QUESTIONS or not names:
                known = qid if qid in QUESTIONS else "ask.questions"
                # A default question that this kind has no field for is not a mistake.
                if self.asking.questions is not None:
                    problems.append(Problem(Code.FIELD_NOT_ALLOWED, known, "POL-09"))
                continue
            fields = tuple(
                PlannedField(name, CATALOGUE[name].label, may[name].why) for name in names
            )
            asked.append(PlannedQuestion(qid, QUESTIONS[qid].text, "", fields))
        if not asked and not problems:
            problems.append(Problem(Code.FIELD_MISSING, "ask.questions"))
        return tuple(self._with_reason(one, problems) for one in asked)

    def _with_reason(self, one: PlannedQuestion, problems: list[Problem]) -> PlannedQuestion:
        said = necessity(
            QUESTIONS[one.id],
            self.asking.because.get(one.id, self.enquiry.because),
            self.pack.necessity,
            months=self.enquiry.months,
            considered=self.asking.considered,
        )
        if isinstance(said, Problem):
            problems.append(said)
            return one
        return PlannedQuestion(one.id, one.text, said, one.fields)

    def _identity(self, qids: tuple[str, ...]) -> dict[str, tuple[IdentityField, JsonValue]]:
        """The identity fields of the agency's own sector that are known, and why each is told."""
        known = dict(self.person.subject)
        address = known.get("id.address_current")
        if isinstance(address, dict) and "postcode" in address:
            known.setdefault("id.postcode", address["postcode"])
        return {
            name: (rule, known[name])
            for name, rule in self.pack.sectors[self.sector].identity.items()
            if name in known
            and (not rule.with_questions or set(rule.with_questions).intersection(qids))
        }

    def _level(self) -> ConcernLevel:
        """As much of the concern as was wanted, else as the sector may be told and there is to tell."""
        if self.asking.concern is not None:
            return self.asking.concern
        there_is: ConcernLevel = "L0"
        if self.enquiry.themes:
            there_is = "L1"
        if self.enquiry.summary is not None:
            there_is = "L2"
        most = self.pack.sectors[self.sector].concern.most
        level = min(there_is, most, key=_LEVELS.index)
        return "L0" if level == "L1" and not self.enquiry.themes else level

    def _contact(self, problems: list[Problem]) -> WorkContact | None:
        if self.enquiry.contact is not None:
            return self.enquiry.contact
        posts = [one for one in self.edge.entry.contacts if one.role is self.enquiry.role]
        if not posts:
            problems.append(Problem(Code.FIELD_MISSING, "ask.contact_for_query"))
            return None
        named = {"role": posts[0].name_of_post}
        if posts[0].email is not None:
            named["contact"] = posts[0].email
        return cast("WorkContact", named)  # read back strictly before it is sealed

    def _post(self) -> Contact | None:
        posts = [one for one in self.recipient.contacts if one.role is Role.AIO]
        own = [one for one in posts if one.area == self.area]
        return next(iter([*own, *posts]), None)

    def _terms(self, rule: DeadlineRule, problems: list[Problem]) -> Terms | Elapsed | None:
        hours, days = self.asking.hours, self.asking.days
        if hours is not None and 1 <= hours <= max(rule.urgent_hours, default=0):
            return Elapsed(hours)
        if hours is None and (days is None or rule.shortest <= days <= rule.longest):
            return Terms(rule.default if days is None else days)
        where = "working_days" if hours is None else "elapsed_h"
        problems.append(Problem(Code.DEADLINE_NOT_ALLOWED, f"manifest.attest.{where}", "POL-39"))
        return None

    def _due(
        self, terms: Terms | Elapsed | None, holidays: BankHolidays
    ) -> tuple[Due | None, tuple[NotWorked, ...]]:
        if terms is None:
            return None, ()
        calendar = calendar_for(
            CalendarChoice.RESPONDER,
            Division(self.edge.entry.division),
            Division(self.recipient.division),
            holidays,
        )
        found = expected(due(self.now, calendar, terms))
        if isinstance(terms, Elapsed):
            return found, ()
        return found, calendar.skipped(found.day_0, civil_date(found.due_at))

    def _about_time(self, found: Due | None) -> list[Notice]:
        notices = []
        case_due = self.person.case_due
        if found is not None and case_due is not None and found.due_at > case_due:
            says = "The answer is due after the case: give fewer days, or have the case extended."
            notices.append(Notice(Warns.DUE_AFTER_CASE, says))
        if found is not None and found.provisional:
            says = "The due day lies past the last bank holiday known, and may move."
            notices.append(Notice(Warns.PROVISIONAL, says))
        return notices

    def _about_post(self, post: Contact | None) -> list[Notice]:
        if post is None:
            says = (
                "The directory names no post there for requests: telephone before you rely on it."
            )
            return [Notice(Warns.NO_CONTACT, says)]
        if day_in_london(self.now) - post.last_confirmed > STALE:
            says = f"Nobody has confirmed this contact since {post.last_confirmed.isoformat()}."
            return [Notice(Warns.STALE_CONTACT, says)]
        return []

    def _draft(
        self,
        questions: tuple[PlannedQuestion, ...],
        identity: Mapping[str, tuple[IdentityField, JsonValue]],
        level: ConcernLevel,
        contact: WorkContact,
    ) -> Draft:
        first, last = window(day_in_london(self.now), self.enquiry.months)
        body = Request(
            identity={name: value for name, (_, value) in identity.items()},
            questions=tuple(
                Asked(
                    one.id,
                    first,
                    last,
                    one.necessity,
                    self.asking.considered or template_of(one.id).considered,
                )
                for one in questions
            ),
            concern_level=level,
            concern_theme=(list(self.enquiry.themes) or None) if level == "L1" else None,
            concern_summary=self.enquiry.summary if level == "L2" else None,
            subject_informed=self.enquiry.subject_informed,
            contact_for_query=contact,
            public_task_statement=PUBLIC_TASK_STATEMENT,
        )
        return Draft(
            body=body,
            to=self.recipient.id,
            conv=self.person.conv,
            role=self.enquiry.role,
            person=self.enquiry.person,
            to_role=Role.AIO,
            area=self.area,
            subject_class=self.person.subject_class,
            wants={one.id: tuple(field.id for field in one.fields) for one in questions},
            attest=self._attest(),
        )

    def _attest(self) -> dict[str, JsonValue]:
        said: dict[str, JsonValue] = {"public_task_statement": True, **self.enquiry.attest}
        if self.enquiry.checked:
            said |= {"no_sensitive_info_s38_5": True, "third_party_checked": True}
        if self.enquiry.approval is not None:
            said["supervisor_approval"] = self.enquiry.approval
        if self.asking.days is not None:
            said["working_days"] = self.asking.days
        if self.asking.hours is not None:
            said |= {"working_days": None, "elapsed_h": self.asking.hours}
        return said
