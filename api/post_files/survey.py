"""First pass over a file's records: what only the whole file can tell about each of them."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from api.domain.imports import DateOrder
from api.errors import AmbiguousDatesError, FieldError, PayloadTooLargeError, UnreadableFileError
from api.intake.field_names import MAX_NAME_CHARACTERS, Plan, first_value, is_missing, value_at
from api.intake.post_fields import PostIntake, ReadingRules, author_name, versions_of
from api.intake.post_values import MAX_ID_CHARACTERS, clean
from api.intake.times import UnreadableTimeError, order_shown_by, time_of
from api.post_files.post_records import Records

MAX_ORIGINALS_CHARACTERS = 32 * 1024 * 1024
"""Most text of reposted posts that is kept in memory while a file is read, in characters."""

MAX_EDITED_POSTS = 50_000
"""Most posts with several versions that one file may have."""

MOST_WITHOUT_FIELDS = 20_000
"""So many items without any field of a post are read, if they are nearly all there is."""

# What an original takes in memory besides its text: its id, its entry.
_CHARACTERS_PER_ORIGINAL = 200
_ROWS_NAMED = 5
_PLANS_KNOWN = 512
_KEYS_KEPT = 1_000
_AUTHORS_COUNTED = 1_000
_LONG_ID = re.compile(r"[0-9]{16,30}|[0-9][.,][0-9]{1,16}[eE]\+?1[5-9]")
_IDS_JUDGED = 3
_DATE_FIELDS = ("time", "date")


@dataclass(slots=True)
class Survey:
    """What a file's records show together.

    order_rows has rows and their dates for each order that a date shows, and for dates that
    could be either.
    """

    records: int = 0
    damaged: int = 0
    without_fields: int = 0
    keys: dict[str, None] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    order_rows: dict[DateOrder | str, list[tuple[str, str]]] = field(default_factory=dict)
    versions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    authors: Counter[str] = field(default_factory=Counter)
    long_ids: int = 0
    ruined_ids: int = 0

    @property
    def unused(self) -> tuple[str, ...]:
        """Columns or keys that no field of a post is read from, in the file's order."""
        return tuple(key for key in self.keys if key and key not in self.used)

    def date_order(self, asked: DateOrder | None, usual: DateOrder | None) -> DateOrder | None:
        """Return the order of the file's numeric dates; None where it has none that need one.

        What the file shows counts before what the caller says, and that before what is usual in the
        dialect. Raises AmbiguousDatesError where nothing decides.
        """
        shown = [order for order in DateOrder if order in self.order_rows]
        if len(shown) == 1:
            return shown[0]
        decided = asked or usual
        if decided is None and self.order_rows:
            raise self._ambiguous(shown)
        return decided if self.order_rows else None

    def _ambiguous(self, shown: list[DateOrder]) -> AmbiguousDatesError:
        if shown:
            day, month = (self.order_rows[order][0][0] for order in DateOrder)
            why = f"{day} has the day first, but {month} the month first"
        else:
            rows = ", ".join(row for row, _ in self.order_rows["either"])
            why = f"no date decides it, as in {rows}"
        either = self.order_rows.get("either", ())
        return AmbiguousDatesError(
            "The dates of this file can be read with the day first or with the month first, and"
            f" {why}. Say which it is: date_order=day_first or date_order=month_first.",
            [FieldError(row, both_readings(date)) for row, date in either],
        )

    def superseded(self) -> frozenset[str]:
        """Return the ids of posts of which the file has a later version."""
        older: set[str] = set()
        for versions in self.versions.values():
            present = [each for each in versions if each in self.versions]
            older.update(present[:-1])
        return frozenset(older)

    def own_author(self, user_name: str | None) -> str | None:
        """Return the user's name where the file has posts by others besides; else None."""
        name = author_name(user_name or "")
        return name if len(self.authors) > 1 and name in self.authors else None

    def ids_are_ruined(self) -> bool:
        """Return whether a spreadsheet has rounded all long ids, so that they end in zeros."""
        return self.long_ids >= _IDS_JUDGED and self.long_ids == self.ruined_ids


def surveyed(records: Records, now: datetime) -> Survey:
    """Read all records of a file once. Raises UnreadableFileError where none can be read."""
    survey = Survey()
    intake = PostIntake(now, records.dialect.rules)
    known: dict[int, Plan] = {}
    for where, record in records.each():
        if isinstance(record, str):
            survey.damaged += 1
            continue
        survey.records += 1
        plan = intake.plan(record)
        if not plan:
            survey.without_fields += 1
            if survey.without_fields > max(MOST_WITHOUT_FIELDS, 0.9 * survey.records):
                raise UnreadableFileError(
                    f"{survey.without_fields:,} of the first {survey.records:,} items of the file"
                    " have no field of a post. Send the file with your posts."
                )
        if id(plan) not in known:
            if len(known) >= _PLANS_KNOWN:
                known.clear()
            known[id(plan)] = plan
            _see_keys(survey, record, plan)
        _see(survey, where, record, plan, intake)
    if not survey.records and survey.damaged and records.columns is None:
        raise UnreadableFileError(
            "No line of the file is a JSON object. JSON lines hold one post per line, for"
            ' example {"text": "...", "created_at": "2024-05-31T18:20:00Z"}.'
        )
    return survey


def _see_keys(survey: Survey, record: Mapping[str, object], plan: Plan) -> None:
    used = {place.key for joins in plan.values() for join in joins for place in join}
    for key in record:
        if len(survey.keys) >= _KEYS_KEPT:
            return
        name = clean(key)[:MAX_NAME_CHARACTERS]
        survey.keys[name] = None
        if key in used:
            survey.used.add(name)


def _see(
    survey: Survey, where: str, record: Mapping[str, object], plan: Plan, intake: PostIntake
) -> None:
    for name in _DATE_FIELDS:
        if name in plan:
            value = first_value(record, plan[name])[1]
            order = order_shown_by(value) if isinstance(value, str) else None
            if order is not None:
                rows = survey.order_rows.setdefault(order, [])
                if len(rows) < _ROWS_NAMED:
                    rows.append((where, str(value).strip()))
                break
    if "versions" in plan and (versions := versions_of(record, plan)):
        own = str(first_value(record, plan.get("id", ()))[1])
        survey.versions[own[:MAX_ID_CHARACTERS]] = versions
        if len(survey.versions) > MAX_EDITED_POSTS:
            raise PayloadTooLargeError(
                f"The file has more than {MAX_EDITED_POSTS:,} edited posts. Send it in parts."
            )
    if "author" in plan:
        author = first_value(record, plan["author"])[1]
        if isinstance(author, str):
            _see_author(survey, author_name(author), record, intake)
    for join in plan.get("id", ())[:1]:
        value = value_at(record, join[0])
        if isinstance(value, str) and _LONG_ID.fullmatch(value):
            survey.long_ids += 1
            survey.ruined_ids += value.endswith("0000") or not value.isdecimal()


def _see_author(
    survey: Survey, author: str, record: Mapping[str, object], intake: PostIntake
) -> None:
    if author in survey.authors or (
        len(survey.authors) < _AUTHORS_COUNTED and not intake.is_repost(record)
    ):
        survey.authors[author] += 1


def rules_of(
    records: Records, survey: Survey, order: DateOrder | None, user_name: str | None
) -> ReadingRules:
    """Return what the records' fields mean, with all that the survey has shown."""
    return replace(
        records.dialect.rules,
        order=order,
        ids_are_ruined=records.columns is not None and survey.ids_are_ruined(),
        repair=records.repair,
        superseded=survey.superseded(),
        originals=_originals(records),
        own_author=survey.own_author(user_name),
    )


def _originals(records: Records) -> dict[str, str]:
    found: dict[str, str] = {}
    characters = 0
    for post_id, text in records.originals():
        characters += len(text) + _CHARACTERS_PER_ORIGINAL
        if characters > MAX_ORIGINALS_CHARACTERS:
            raise PayloadTooLargeError(
                "The posts that this file's reposts refer to hold more than"
                f" {MAX_ORIGINALS_CHARACTERS:,} characters. Send the file in parts."
            )
        if not is_missing(text):
            found[post_id] = text
    return found


def both_readings(date: str) -> str:
    """Return both ways to read a date, in words: "05/02/2023" is 5 February 2023 or 2 May 2023."""
    readings: list[str] = []
    for order in DateOrder:
        try:
            moment = time_of(date, datetime(9999, 1, 1, tzinfo=UTC), order)
        except (UnreadableTimeError, OverflowError):
            continue
        readings.append(f"{moment.day} {moment:%B %Y}")
    return f'"{date[:40]}" is {" or ".join(readings)}'
