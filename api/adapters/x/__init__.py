"""Read posts at X, and let people sign in there."""

from api.adapters.x.sign_in import XSignIn
from api.adapters.x.source import XSource

__all__ = ["XSignIn", "XSource"]
