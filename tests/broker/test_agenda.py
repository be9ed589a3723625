from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from broker.agenda import Agenda

START = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def test_what_is_due_comes_in_order_and_only_once():
    """Earliest first, and what was taken is off the agenda."""
    agenda = Agenda()
    agenda.put("late", at(5))
    agenda.put("early", at(1))
    agenda.put("not yet", at(9))
    assert agenda.take_due(at(5)) == ("early", "late")
    assert agenda.take_due(at(5)) == ()
    assert agenda.next_at() == at(9).timestamp()


def test_the_same_instant_twice_is_one_entry():
    """A key put twice at one instant, also after another, is looked at once."""
    agenda = Agenda()
    for minutes in (3, 3, 4, 3):
        agenda.put("a", at(minutes))
    assert agenda.take_due(at(10)) == ("a",)
    assert agenda.take_due(at(10)) == ()


def test_no_more_than_asked_for():
    """A long outage is worked off in bounded steps."""
    agenda = Agenda()
    for number in range(5):
        agenda.put(str(number), at(number))
    assert agenda.take_due(at(10), most=2) == ("0", "1")
    assert len(agenda) == 3


def test_moving_one_entry_for_ever_does_not_grow_the_heap():
    """Old places are cleared away: memory follows the entries, not the moves."""
    agenda = Agenda()
    for number in range(10_000):
        agenda.put("a", at(number))
    assert len(agenda._heap) <= 2 * 1 + 65


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdef"), st.one_of(st.none(), st.integers(0, 50)), st.booleans()
        ),
        max_size=200,
    )
)
def test_it_agrees_with_a_plain_dictionary(steps):
    """Whatever is put, moved and taken off, the agenda says what a dictionary would say."""
    agenda, model = Agenda(), {}
    for key, minutes, take in steps:
        if take:
            limit = at(minutes or 0)
            due = {name for name, when in model.items() if when <= limit}
            taken = agenda.take_due(limit)
            assert set(taken) == due
            assert len(taken) == len(due)
            assert [model[name] for name in taken] == sorted(model[name] for name in taken)
            for name in due:
                del model[name]
        else:
            when = None if minutes is None else at(minutes)
            agenda.put(key, when)
            model.pop(key, None)
            if when is not None:
                model[key] = when
        assert len(agenda) == len(model)
        earliest = min(model.values()).timestamp() if model else None
        assert agenda.next_at() == earliest
