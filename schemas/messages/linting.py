"""Signs of prohibited elements anywhere in a body (POL-27); for the edges, before and after."""

from schemas.fields.catalogue import CATALOGUE
from schemas.fields.field import Field, Tag
from schemas.fields.forms import Text80
from schemas.fields.item import Held
from schemas.fields.prohibited import lint
from schemas.messages.body import Body, answers_of, plain_fields
from schemas.problems import Problem

__all__ = ["lint_body"]


def lint_body(body: Body) -> tuple[Problem, ...]:
    """Look through the free text of a body.

    Args:
        body: Any body that ``read_body`` gave, or that is about to be sent.

    Returns:
        One problem per field and kind of sign, in the order of the fields. ``where`` is the
        field id, or ``<field id>/source`` for the source that an item names.

    """
    problems: list[Problem] = []
    for name, value in plain_fields(body).items():
        problems.extend(lint(CATALOGUE[name], value))
    for name, item in answers_of(body).items():
        if isinstance(item, Held):
            problems.extend(lint(CATALOGUE[name], item.value))
            problems.extend(lint(_source_of(name), item.source))
    return tuple(problems)


def _source_of(name: str) -> Field:
    return Field(
        f"{name}/source", Text80, "Source", "Names a system.", tags=frozenset({Tag.FREE_TEXT})
    )
