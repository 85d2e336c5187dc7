"""What the id of a post tells: when it was made, and the address at which it can be read."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_X_EPOCH = _EPOCH + timedelta(milliseconds=1_288_834_974_657)
# X counted its ids up to some 3 * 10^10 until November 2010; this is an hour of that day.
_FIRST_SNOWFLAKE = 10**14
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")

_AGREES_WITHIN = timedelta(minutes=2)  # files that round times do so to the minute
_HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
# https://atproto.com/specs/did, https://atproto.com/specs/handle, .../record-key
_BLUESKY = re.compile(
    rf"at://(did:plc:[a-z2-7]{{24}}|did:web:{_HOST}|{_HOST})/app\.bsky\.feed\.post/"
    r"([A-Za-z0-9_~:-][A-Za-z0-9._~:-]{0,511})"
)
_MASTODON = re.compile(rf"({_HOST})/([1-9][0-9]{{0,18}})")
_LONGEST_URL = 2_000
# Printable ASCII without what RFC 3986 leaves out of URLs.
_URL = re.compile(r"https://[!#-;=?-\[\]_a-z~]+")
_NAME_OR_ADDRESS = re.compile(rf"{_HOST}(?::[0-9]{{1,5}})?", re.IGNORECASE)


def snowflake_time(post_id: str) -> datetime | None:
    """Return the time that is part of a post's id on X (November 2010 and later), else None."""
    if not _NUMBER.fullmatch(post_id):
        return None
    number = int(post_id)
    if not _FIRST_SNOWFLAKE <= number < 2**63:
        return None
    return _X_EPOCH + timedelta(milliseconds=number >> 22)


def post_url(post_id: str, created_at: datetime) -> str | None:
    """Return the https address of a post, or None where its id does not tell it.

    The id is a number of X, "host/number" of a Mastodon server, a record's at:// address on
    Bluesky, or an https address itself. Numbers say when they were given out: one that disagrees
    with created_at was made by somebody else, and is no id of that network. Ids come from files
    of users, so nothing but an https address that fits is ever returned.
    """
    if _agrees(snowflake_time(post_id), created_at):
        return f"https://x.com/i/status/{post_id}"
    if (found := _MASTODON.fullmatch(post_id)) and _agrees(_mastodon_time(found[2]), created_at):
        return f"https://{found[1]}/web/statuses/{found[2]}"
    if found := _BLUESKY.fullmatch(post_id):
        return f"https://bsky.app/profile/{found[1]}/post/{found[2]}"
    return post_id if _is_https(post_id) else None


def _mastodon_time(number: str) -> datetime | None:
    # Milliseconds since 1970, then 16 bits that tell posts of one of them apart.
    return _EPOCH + timedelta(milliseconds=int(number) >> 16)


def _agrees(moment: datetime | None, created_at: datetime) -> bool:
    return moment is not None and abs(moment - created_at) <= _AGREES_WITHIN


def _is_https(url: str) -> bool:
    if len(url) > _LONGEST_URL or not _URL.fullmatch(url):
        return False
    try:
        # No "user@host": people read the user as the host.
        return _NAME_OR_ADDRESS.fullmatch(urlsplit(url).netloc) is not None
    except ValueError:
        return False
