"""Encryption with Fernet (AES-128-CBC and HMAC-SHA256) of the package cryptography."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class FernetSealer:
    """Sealer whose first key seals and all of whose keys unseal, so that keys can be changed."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> str:
        """Return the text, encrypted, in characters that are allowed in a cookie."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def unseal(self, sealed: str, *, seconds: int | None = None) -> str | None:
        """Return the text, or None; see Sealer."""
        try:
            return self._fernet.decrypt(sealed.encode(), ttl=seconds).decode()
        except InvalidToken:
            return None

    def reseal(self, sealed: str) -> str | None:
        """Return the same, encrypted with the first key; see Sealer."""
        try:
            return self._fernet.rotate(sealed.encode()).decode("ascii")
        except InvalidToken:
            return None
