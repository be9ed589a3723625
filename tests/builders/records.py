"""Subjects and wants for agencies' adapters, and the sandbox's invented records to find them in."""

import dataclasses
import json
import shutil
from datetime import date
from pathlib import Path

from adapters.agency import Address, Subject, Wanted, Window
from schemas.fields.catalogue import CATALOGUE

RECORDS = Path(__file__).parents[2] / "deploy" / "sandbox" / "records"
AT = date(2026, 11, 16)
TWO_YEARS = Window(date(2024, 11, 16), AT)


def subject(**changes):
    """The person whom the sandbox asks about, without any number; some members changed."""
    rowan = Subject(
        family_name="Ashdown-Pryce",
        given_names="Rowan Leith",
        dob=date(2011, 3, 9),
        known_as=("Ro",),
        address_current=Address(postcode="ZZ99 3AB", uprn="99000000101"),
    )
    return dataclasses.replace(rowan, **changes)


def subject_for(sector):
    """The same person with everything that the sandbox's request tells this sector."""
    given = json.loads((RECORDS / "subject.json").read_text(encoding="utf-8"))[sector]
    address = given.get("id.address_current") or {"postcode": given["id.postcode"]}
    return subject(
        known_as=tuple(given.get("id.known_as", ())),
        address_current=Address(postcode=address["postcode"], uprn=address.get("uprn")),
        upn=given.get("id.upn"),
        nhs_number=given.get("id.nhs_number"),
    )


def stranger():
    """Somebody whom no record of the sandbox knows or resembles."""
    return subject(
        family_name="Quillfeather",
        given_names="Emrys",
        dob=date(1998, 1, 30),
        known_as=(),
        address_current=Address(postcode="ZZ99 9ZY", uprn="99000009999"),
    )


def fields_of(prefix):
    """The ids of a sector's fields, such as all that begin with ``edu.``."""
    return tuple(name for name in CATALOGUE if name.startswith(prefix))


def wanted(*field_ids, window=TWO_YEARS, at=AT):
    """A want of these fields, all with one window."""
    return Wanted(dict.fromkeys(field_ids, window), at)


def copied(tmp_path, sector):
    """A copy of a sector's folder that a test may break."""
    return Path(shutil.copytree(RECORDS / sector, tmp_path / sector))


def rewritten(path, old, new):
    """Replace a text that must stand in a file."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
