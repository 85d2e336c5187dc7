"""X: reading posts, and signing in."""

from api.sources.x.sign_in import XSignIn
from api.sources.x.source import XSource

__all__ = ["XSignIn", "XSource"]
