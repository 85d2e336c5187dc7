"""Source marks (up to which post an account was fetched) and sealed sign-ins at sources."""

from collections.abc import Callable

from api.domain.analyses import Lease
from api.ports.store import ResealedSignIns
from api.stores.sqlite.analyses import leased_keys
from api.stores.sqlite.connections import StorePart
from api.stores.sqlite.users import user_key_of

_PAGE = 500
_SIGN_INS = (
    "SELECT user_key, source, sealed FROM sign_ins WHERE (user_key, source) > (?, ?) "
    "ORDER BY user_key, source LIMIT ?"
)
_RESEAL = "UPDATE sign_ins SET sealed = ? WHERE user_key = ? AND source = ? AND sealed = ?"


class SourcePart(StorePart):
    """Source marks and sign-ins; api.ports.store documents the methods."""

    def source_mark(self, user_id: str, source: str, account: str) -> str | None:
        rows = self._rows(
            "SELECT post_id FROM source_marks "
            "WHERE user_key = (SELECT user_key FROM users WHERE user_id = ?) "
            "AND source = ? AND account = ?",
            user_id,
            source,
            account,
        )
        return str(rows[0]["post_id"]) if rows else None

    def set_source_mark(self, lease: Lease, source: str, account: str, post_id: str | None) -> None:
        with self._connections.writing() as connection:
            _, user_key = leased_keys(connection, lease)
            if post_id is None:
                connection.execute(
                    "DELETE FROM source_marks WHERE user_key = ? AND source = ? AND account = ?",
                    (user_key, source, account),
                )
            else:
                connection.execute(
                    "INSERT OR REPLACE INTO source_marks VALUES (?, ?, ?, ?)",
                    (user_key, source, account, post_id),
                )

    def sign_in(self, user_id: str, source: str) -> str | None:
        rows = self._rows(
            "SELECT sealed FROM sign_ins "
            "WHERE user_key = (SELECT user_key FROM users WHERE user_id = ?) AND source = ?",
            user_id,
            source,
        )
        return str(rows[0]["sealed"]) if rows else None

    def set_sign_in(self, user_id: str, source: str, sealed: str | None) -> None:
        with self._connections.writing() as connection:
            user_key = user_key_of(connection, user_id)
            if sealed is None:
                connection.execute(
                    "DELETE FROM sign_ins WHERE user_key = ? AND source = ?", (user_key, source)
                )
            else:
                connection.execute(
                    "INSERT OR REPLACE INTO sign_ins VALUES (?, ?, ?)", (user_key, source, sealed)
                )

    def reseal_sign_ins(self, reseal: Callable[[str], str | None]) -> ResealedSignIns:
        sealed = unreadable = 0
        user_key, source = 0, ""
        while rows := self._rows(_SIGN_INS, user_key, source, _PAGE):
            changes = []
            for user_key, source, before in rows:
                after = reseal(before)
                if after is None:
                    unreadable += 1
                else:
                    changes.append((after, user_key, source, before))
            with self._connections.writing() as connection:
                for change in changes:
                    sealed += connection.execute(_RESEAL, change).rowcount
        return ResealedSignIns(sealed, unreadable)
