"""Check digits of the identifiers that the catalogue holds."""

__all__ = ["nhs_number_holds", "pnc_id_holds", "upn_holds"]

_UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
_PNC_LETTERS = "ZABCDEFGHJKLMNPQRTUVWXY"


def upn_holds(upn: str) -> bool:
    """Tell whether the check letter of a unique pupil number fits.

    Args:
        upn: Thirteen characters: a letter, eleven digits, and a digit or (temporary number)
            a letter of the same alphabet. The shape is the caller's to check first.

    Source:
        DfE Common Basic Data Set: weights 2 to 13, modulus 23; a final letter counts as its
        place in the alphabet.

    """
    total = sum(
        weight * (int(c) if c.isdecimal() else _UPN_LETTERS.index(c))
        for weight, c in enumerate(upn[1:], start=2)
    )
    return upn[0] == _UPN_LETTERS[total % 23]


def nhs_number_holds(number: str) -> bool:
    """Tell whether the check digit of a ten-digit NHS number fits.

    Args:
        number: Ten ASCII digits without spaces.

    Source:
        NHS Data Dictionary: weights 10 to 2, modulus 11; 11 counts as 0, and a number whose
        check digit would be 10 is not valid.

    """
    total = sum(
        weight * int(digit) for weight, digit in zip(range(10, 1, -1), number, strict=False)
    )
    return (11 - total % 11) % 11 == int(number[9])


def pnc_id_holds(pnc_id: str) -> bool:
    """Tell whether the check letter of a Police National Computer id fits.

    Args:
        pnc_id: ``YYYY/NNNNNNNL``: year, seven digits, letter.

    Source:
        Two-digit year and serial number as one number, modulus 23. From memory, as is usual in
        published criminal justice software; no public specification was found.

    """
    year, rest = pnc_id.split("/")
    return rest[7] == _PNC_LETTERS[int(year[2:] + rest[:7]) % 23]
