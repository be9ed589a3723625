"""What operators see holds nothing of what was sent, whatever a caller passes."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from broker.log import KEYS, UNSAFE, configure, logger, only_known_keys

CANARY = "Orla Brightwater"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Where the log goes during a test."""
    stream = io.StringIO()
    configure(stream)
    yield stream
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()


def last(stream: io.StringIO) -> dict[str, object]:
    """The last line."""
    found = json.loads(stream.getvalue().splitlines()[-1])
    assert isinstance(found, dict)
    return found


def test_a_line_is_one_json_object_of_known_keys(lines: io.StringIO) -> None:
    """Event, level and instant stand in each line, beside what was given."""
    logger.warning("delivery.failed", service="gate", id="ab12", deliveries=2)
    found = last(lines)
    assert found.pop("at")
    assert found == {
        "event": "delivery.failed",
        "level": "warning",
        "service": "gate",
        "id": "ab12",
        "deliveries": 2,
    }


def test_an_unknown_key_is_dropped_and_only_its_name_told(lines: io.StringIO) -> None:
    """Whoever logs something new sees that it is missing, and nothing of it leaves."""
    logger.info("gate.judged", subject_name=CANARY, service="gate")
    assert last(lines)["dropped"] == ["subject_name"]
    assert CANARY not in lines.getvalue()


@pytest.mark.parametrize(
    "value",
    [
        CANARY,
        "two words",
        "line\nfeed",
        "é",
        "x" * 121,
        b"bytes",
        {"name": CANARY},
        [["nested", CANARY]],
        [CANARY],
        object(),
    ],
)
def test_an_unsafe_value_is_replaced(lines: io.StringIO, value: object) -> None:
    """A value that is more than a number or a plain word does not get through a known key either."""
    logger.info("gate.judged", service=value)
    assert last(lines)["service"] in (UNSAFE, [UNSAFE])
    assert CANARY not in lines.getvalue()
    assert len(lines.getvalue().splitlines()) == 1


@pytest.mark.parametrize("value", [1, 1.5, True, None, "in.A1.env", ["a", "b"], ("a",)])
def test_a_plain_value_is_kept(lines: io.StringIO, value: object) -> None:
    """Numbers, booleans, words and lists of them are what operators need."""
    logger.info("x", code=value)
    assert last(lines)["code"] == (list(value) if isinstance(value, tuple) else value)


class _Form(BaseModel):
    born: int


def test_of_an_exception_only_the_type_is_kept(lines: io.StringIO) -> None:
    """Texts of parsers quote what was sent: pydantic's carries the very value."""
    try:
        _Form.model_validate({"born": CANARY})
    except ValueError as error:
        assert CANARY in str(error)  # noqa: PT017 - what would leak; the log lines need the except block
        logger.exception("body.refused")
        logger.error("body.refused", exc_info=error)
        logger.error("body.refused", exc_info=(type(error), error, None))
        logger.error("body.refused", error=error)
    assert all(
        json.loads(line)["error"] == "ValidationError" for line in lines.getvalue().splitlines()
    )
    assert CANARY not in lines.getvalue()


def test_other_libraries_say_only_that_they_said_something(lines: io.StringIO) -> None:
    """A library's warning is counted by its name; its text may quote anything."""
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("nats").exception("failed on %s", CANARY)
    found = last(lines)
    assert (found["event"], found["name"], found["error"]) == (
        "library.logged",
        "nats",
        "ValueError",
    )
    logging.getLogger("nats").warning("again %s", CANARY)
    assert last(lines)["error"] is None
    assert CANARY not in lines.getvalue()


# The first draw of any text builds Hypothesis's table of Unicode, which takes over a second on a busy
# machine under coverage: slow once, not slow in kind.
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.dictionaries(
        st.one_of(st.sampled_from(sorted(KEYS)), st.text()),
        st.recursive(
            st.one_of(st.text(), st.binary(), st.floats(), st.none()), st.lists, max_leaves=6
        ),
    )
)
def test_nothing_gets_through_but_known_keys_and_plain_values(event: dict[str, object]) -> None:
    """Whatever keys and values a caller passes, the line is in form and bounded."""
    kept = only_known_keys(None, "info", dict(event))
    assert set(kept) <= KEYS | {"dropped"}
    for value in kept.values():
        for part in value if isinstance(value, list) else [value]:
            assert part is None or isinstance(part, float) or " " not in str(part)
