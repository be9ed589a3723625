"""The list of bank holidays in force, from the directory, read once per version."""

from typing import Protocol

from policies.calendar import BankHolidays, parse_bank_holidays

__all__ = ["Calendars", "HolidaySource"]


class HolidaySource(Protocol):
    """Where the list's bytes come from: the signed directory."""

    def bank_holidays(self) -> bytes:
        """The list as ``policies.calendar`` reads it."""


class Calendars:
    """Reads the list again only when its bytes are others."""

    __slots__ = ("_bytes", "_read", "_source")

    def __init__(self, source: HolidaySource) -> None:
        self._source = source
        self._bytes: bytes | None = None
        self._read: BankHolidays | None = None

    def in_force(self) -> BankHolidays:
        """The list in force.

        Raises:
            CalendarDataError: The directory's list cannot be used; the one before stays in force
                when there was one.

        """
        data = self._source.bank_holidays()
        if data is not self._bytes or self._read is None:
            self._read = parse_bank_holidays(data)
            self._bytes = data
        return self._read

    @property
    def data(self) -> bytes:
        """The bytes of the list in force."""
        return self._source.bank_holidays()
