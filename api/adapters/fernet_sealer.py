"""Encrypt with Fernet (AES-128-CBC and HMAC-SHA256), as the package cryptography has it."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class FernetSealer:
    """Be a Sealer; the first key seals and all of them unseal, so that keys can be changed."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> str:
        """Return the text, encrypted, in letters that a cookie can hold."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def unseal(self, sealed: str, *, seconds: int | None = None) -> str | None:
        """Return the text, or None."""
        try:
            return self._fernet.decrypt(sealed.encode(), ttl=seconds).decode()
        except InvalidToken:
            return None
