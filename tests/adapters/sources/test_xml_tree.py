"""XML files: safe, with lines, and with nothing from outside."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.agency import SourceError
from adapters.sources.xml_tree import MAX_DEPTH, parse

GOOD = b"<a>\n <b>one</b>\n <c>2026-11-16</c>\n <b>two</b>\n</a>\n"
LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE a [<!ENTITY l "ha"><!ENTITY m "&l;&l;&l;&l;&l;&l;&l;&l;"><!ENTITY n "&m;&m;&m;&m;&m;">]>
<a>&n;</a>"""
OUTSIDE = b"""<?xml version="1.0"?>
<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<a>&x;</a>"""
PARAMETER = b"""<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1/x.dtd"> %p;]><a/>"""
DTD = b"""<!DOCTYPE a SYSTEM "a.dtd"><a/>"""


@pytest.mark.parametrize("data", [LAUGHS, OUTSIDE, PARAMETER, DTD])
def test_no_document_type_and_no_entity(data):
    """Bombs, files and addresses are refused before they are looked at."""
    with pytest.raises(SourceError, match="document type or an entity") as broken:
        parse("x.xml", data, "a")
    assert broken.value.where.startswith("line ")
    assert "passwd" not in str(broken.value)


def test_elements_know_their_line_and_path():
    """What is wrong in a file can be found in it."""
    root = parse("x.xml", GOOD, "a")
    second = root.many("b")[1]
    assert (second.line, second.path, second.text) == (4, "/a/b", "two")
    assert root.needed_day("c").isoformat() == "2026-11-16"
    assert root.value("d") is None


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"<a>\n<b></a>", "line 2"),
        (b"<a/>\n<a/>", "line 2"),
        (b"<b/>", "line 1"),
        (b"", "line 1"),
        (b"<a>&amp;nbsp;</a", "line 1"),
        (b"<a>&nbsp;</a>", "line 1"),
        (b"<a>stray<b/></a>", "line 1, /a"),
        (b'<a xmlns="urn:x"/>', "line 1"),
        (b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1), "line 1"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "line 1"),
        (b'<?xml version="1.0" encoding="utf-8"?><a>\xff</a>', "line 1"),
    ],
)
def test_what_is_not_well_formed_is_named_by_line(data, where):
    """An error with its line, and nothing of the file."""
    with pytest.raises(SourceError) as broken:
        parse("x.xml", data, "a")
    assert broken.value.where == where


@pytest.mark.parametrize(
    "read",
    [
        lambda root: root.one("d"),
        lambda root: root.maybe("b"),
        lambda root: root.needed("e"),
        lambda root: root.day("f"),
        lambda root: root.choice("f", {"x": 1}),
        lambda root: root.instant("c"),
    ],
)
def test_a_wrong_element_is_named_by_path(read):
    """Missing, doubled, empty and wrong values say where."""
    root = parse("x.xml", GOOD.replace(b"</a>", b"<e/><f>2026-W47-1</f></a>"), "a")
    with pytest.raises(SourceError, match=r"line .*/a"):
        read(root)


@given(st.binary(max_size=120) | st.text(alphabet="<>/ab&;!-[]\"'= ", max_size=60).map(str.encode))
def test_any_bytes_are_a_tree_or_an_error_of_ours(data):
    """No input raises anything but our own error."""
    with suppress(SourceError):
        assert parse("x.xml", data, "a").tag == "a"


@given(st.integers(0, len(GOOD) - 2))
def test_a_file_cut_off_is_known_as_such(length):
    """An XML file has an end, so that any cut before it shows."""
    if GOOD[:length].rstrip().endswith(b"</a>"):
        return
    with pytest.raises(SourceError):
        parse("x.xml", GOOD[:length], "a")
