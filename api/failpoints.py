"""Failpoints: named steps at which a test has this process die, stop or fail.

MOODLINE_FAILPOINTS lists them, as in `after-fetch=kill,before-final-write=stop@3`: the third time
that the process comes to that step. Unset, as in every deployment, they do nothing; set, they can
end a process, which may happen at any time anyway, and can change nothing that is stored.
"""

import os
import signal
import threading
from collections import Counter
from functools import cache

VARIABLE = "MOODLINE_FAILPOINTS"
ACTIONS = ("kill", "stop", "raise")

_arrivals: Counter[str] = Counter()
_lock = threading.Lock()


class FailpointError(Exception):
    """What the action `raise` raises: an error that nothing in the service expects."""


def failpoint(name: str) -> None:
    """Act as the environment says for this step; return at once if it says nothing of it.

    kill ends the process at once (SIGKILL), stop halts it until SIGCONT, raise raises
    FailpointError. Raises ValueError for a list that cannot be read.
    """
    planned = _planned(os.environ.get(VARIABLE, ""))
    if not planned or name not in planned:
        return
    action, at = planned[name]
    with _lock:
        _arrivals[name] += 1
        if _arrivals[name] != at:
            return
    if action == "raise":
        raise FailpointError(f"the failpoint {name} raises")
    os.kill(os.getpid(), signal.SIGKILL if action == "kill" else signal.SIGSTOP)


@cache
def _planned(text: str) -> dict[str, tuple[str, int]]:
    """Return action and arrival by name of failpoint."""
    planned = {}
    for item in text.split(",") if text else ():
        name, _, rest = item.partition("=")
        action, _, at = rest.partition("@")
        if action not in ACTIONS or not (at or "1").isdecimal():
            known = ", ".join(ACTIONS)
            raise ValueError(
                f"{VARIABLE}: {item!r} must be NAME=ACTION[@N], of the actions {known}"
            )
        planned[name] = (action, int(at or "1"))
    return planned
