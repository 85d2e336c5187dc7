"""Hold the words that people agree to.

Whoever changes WORDS changes WORDS_VERSION too, so that the record of a consent goes on saying
what was agreed to.
"""

WORDS_VERSION = "2026-11"
WORDS = (
    "These are my own posts, and I agree that their feelings are read."
    " I can erase everything at any time."
)
