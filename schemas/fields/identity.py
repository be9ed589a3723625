"""What a request says about the person, so that the recipient finds the right records.

No agency learns another's identifier: which of these fields a recipient may be given is the
pack's (POL-10). Never here: ethnicity, religion, nationality, immigration status, photograph,
social media names, phone contents.
"""

from typing import Annotated, Literal

from schemas.fields.field import Field, Tag
from schemas.fields.forms import (
    CLEAN,
    DISTINCT,
    Address,
    CivilDate,
    Limits,
    NhsNumber,
    PncId,
    Postcode,
    Upn,
    Urn,
    chars,
)

__all__ = ["FIELDS"]

PersonName = Annotated[str, chars(100), CLEAN]
KnownAs = Annotated[list[PersonName], Limits(min_length=1, max_length=3), DISTINCT]
Addresses = Annotated[list[Address], Limits(min_length=1, max_length=2), DISTINCT]
SexRecorded = Literal["M", "F", "X", "U"]

_ID = frozenset({Tag.IDENTIFIER})
_NAME = _ID | {Tag.NAMES}

FIELDS = (
    Field("id.family_name", PersonName, "Family name", "Finds the right person.", tags=_NAME),
    Field("id.given_names", PersonName, "Given names", "Finds the right person.", tags=_NAME),
    Field("id.dob", CivilDate, "Date of birth", "Tells people of the same name apart.", tags=_ID),
    Field(
        "id.known_as",
        KnownAs,
        "Also known as",
        "Records may be held under another name that the person uses.",
        tags=_NAME,
    ),
    Field(
        "id.address_current",
        Address,
        "Current address",
        "Finds the household; housing matches the property (UPRN) before any name.",
        tags=_ID,
    ),
    Field(
        "id.address_previous",
        Addresses,
        "Previous addresses",
        "Finds records made before a move within the time asked about.",
        tags=_ID,
    ),
    Field(
        "id.postcode",
        Postcode,
        "Postcode",
        "Tells pupils of the same name apart where the whole address is not needed.",
        tags=_ID,
    ),
    Field(
        "id.upn",
        Upn,
        "Unique pupil number",
        "Finds a pupil's record without doubt; given to education only.",
        tags=_ID | {Tag.CHILD},
    ),
    Field(
        "id.nhs_number",
        NhsNumber,
        "NHS number",
        "Finds a patient's record without doubt; given to health only.",
        tags=_ID | {Tag.SPECIAL_POSSIBLE},
    ),
    Field(
        "id.pnc_id",
        PncId,
        "PNC id",
        "Finds a police record without doubt; given to police only.",
        tags=_ID | {Tag.CRIMINAL},
    ),
    Field(
        "id.setting_urn",
        Urn,
        "School or college URN",
        "Names the setting that is asked, where one provider runs several.",
        tags=_ID,
    ),
    Field(
        "id.sex_recorded",
        SexRecorded,
        "Sex as recorded",
        "Tells records apart that agree in name and date of birth.",
        tags=_ID,
    ),
)
