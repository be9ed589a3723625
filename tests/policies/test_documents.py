"""What is written for people says what the program does."""

from pathlib import Path

from policies.pack_text import read_doc
from policies.packs.shipped import shipped_files
from policies.rules.table import rules_table

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_table_of_rules_is_current():
    """``docs/policy.md`` holds the rules as they are; replace its table by ``rules_table()``."""
    text = (DOCS / "policy.md").read_text(encoding="utf-8")
    begin = text.index("-->\n", text.index("<!-- rules:")) + len("-->\n")
    assert text[begin : text.index("<!-- end of rules -->")] == rules_table()


def test_every_file_of_the_pack_begins_with_a_word_to_its_reader():
    """A person who opens a file finds a comment or a title before the data."""
    for path, text in shipped_files("uk-channel").items():
        assert text.startswith("#") or "title" in read_doc(path, text).values, path
