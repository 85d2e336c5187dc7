"""What an import of a file is asked, and what is known of the dialects that can be read."""

from dataclasses import dataclass
from enum import StrEnum


class DateOrder(StrEnum):
    """How a file writes dates such as 05/02/2023: the day first, or the month first."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One known shape of an uploaded file, in words for people.

    name identifies it ("x_analytics"); title is what people call the export; group is the network
    or kind of program that it comes from; files are the names that its files have; where_to_get
    says how to obtain it; recognised_by, read and not_read say what the importer looks for, takes
    and leaves.
    """

    name: str
    title: str
    group: str
    files: tuple[str, ...]
    where_to_get: str
    recognised_by: str
    read: tuple[str, ...]
    not_read: tuple[str, ...] = ()
