"""The sources of posts that are configured, and whose posts an analysis may fetch from them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from api.domain.analyses import IMPORTED, AnalysisRequest
from api.errors import FieldError, SourceNotConfiguredError
from api.ports.sources import PostSource
from api.services.sign_ins import TO_SIGN_IN, SignIns, X

SIGN_IN_PATH = "/v1/sign-in/x"

_TO_CONFIGURE: Mapping[str, str] = {
    X: f"X_BEARER_TOKEN and X_OWN_ACCOUNTS, or {TO_SIGN_IN}",
    "bluesky": "BLUESKY_OWN_ACCOUNTS",
    "mastodon": "MASTODON_URL and MASTODON_OWN_ACCOUNTS",
}


@dataclass(frozen=True, slots=True)
class SourceState:
    """Whether a source is set up, the settings it lacks otherwise, and where people sign in."""

    name: str
    configured: bool
    to_configure: str | None = None
    sign_in: str | None = None


class Sources:
    """Sources of posts that are set up, by name."""

    def __init__(self, sources: Mapping[str, PostSource], sign_ins: SignIns) -> None:
        self._sources = sources
        self._sign_ins = sign_ins

    def states(self) -> list[SourceState]:
        """Return every source that the service knows, set up or not."""
        return [
            SourceState(IMPORTED, configured=True),
            *(
                SourceState(
                    name,
                    configured=name in self._sources,
                    to_configure=None if name in self._sources else _TO_CONFIGURE.get(name),
                    sign_in=SIGN_IN_PATH if name == X and self._sign_ins.configured else None,
                )
                for name in self._names()
            ),
        ]

    def faults(self, request: AnalysisRequest) -> list[FieldError]:
        """Return the faults in the fields of a request that name a source other than IMPORTED."""
        if request.source in self._names():
            return []
        known = ", ".join(f'"{name}"' for name in (IMPORTED, *self._names()))
        return [FieldError("/source", f"must be one of: {known}")]

    def admitted(self, request: AnalysisRequest) -> AnalysisRequest:
        """Return the request with its account as the source spells it.

        Raises SourceNotConfiguredError, InvalidRequestError for an invalid account name, and
        NotOwnAccountError if the account is not shown to be the user's own.
        """
        source = self._sources.get(request.source)
        if source is None:
            raise SourceNotConfiguredError(
                f"The source {request.source} needs {_TO_CONFIGURE[request.source]} to be set."
            )
        request = replace(request, source_user=request.account.removeprefix("@").lower())
        account = source.account(request.account, signed_in=self._sign_ins.signed_in(request))
        return replace(request, source_user=None if account == request.user_id else account)

    def _names(self) -> list[str]:
        return sorted({*_TO_CONFIGURE, *self._sources})
