"""For how long a copy may be kept: defaults and ceilings of the pack's classes (POL-26)."""

import calendar
from datetime import date

from policies.pack_values import TypeRule
from policies.pack_whole import Pack
from schemas.manifest import SubjectClass

__all__ = ["add_months", "default_until", "latest_until"]


def add_months(day: date, months: int) -> date:
    """Give the same day some months later, or that month's last day where there is none."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def latest_until(pack: Pack, rule: TypeRule, subject: SubjectClass, on: date) -> date:
    """Give the latest erase-by date that a message may name without a recorded review.

    Args:
        pack: The pack, tightened for the areas concerned.
        rule: The type's rule, which names its class.
        subject: Of a person who is or may be a child the shorter ceiling holds.
        on: The civil day in London on which the message arrived.

    """
    kept = pack.retention[rule.keep]
    child = subject in {"child", "unknown"}
    return add_months(on, kept.child_ceiling_months if child else kept.ceiling_months)


def default_until(pack: Pack, rule: TypeRule, on: date) -> date:
    """Give the erase-by date that a message names unless somebody chooses an earlier one."""
    return add_months(on, pack.retention[rule.keep].default_months)
