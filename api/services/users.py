"""Find users by the name in a request."""

from __future__ import annotations

from api.domain.posts import InvalidUserNameError, user_id_of
from api.errors import FieldError, InvalidRequestError, NotFoundError
from api.ports.store import Store, UserRecord


def named(user_name: str) -> str:
    """Return the user id of a user name. Raises InvalidRequestError for what is not a name."""
    try:
        return user_id_of(user_name)
    except InvalidUserNameError as error:
        raise InvalidRequestError(
            "The user name cannot be used.", [FieldError("user_name", str(error))]
        ) from error


def known_user(store: Store, user_name: str) -> UserRecord:
    """Return the user of that name. Raises InvalidRequestError and NotFoundError."""
    user = store.user(named(user_name))
    if user is None:
        raise NotFoundError(
            "Nothing is held about a user of that name. Import their posts first, or check the"
            " spelling."
        )
    return user
