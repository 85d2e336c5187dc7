"""The Python client of the API; it needs only httpx.

    from pathlib import Path
    from api.client import MoodlineClient

    with MoodlineClient("http://127.0.0.1:8000") as client:
        client.import_posts("ana_ridge", Path("posts.csv"))
        started = client.start("ana_ridge", consent=True)
        print(client.result(started["analysis_id"])["summary"])

What it returns are dictionaries with the types of `api.client.documents`.
"""

from api.client.client import MoodlineClient, result_of
from api.client.errors import (
    AnalysisEndedError,
    BusyError,
    KeyRefusedError,
    MoodlineError,
    NotFoundError,
    ProblemError,
    UnreachableError,
)

__all__ = [
    "AnalysisEndedError",
    "BusyError",
    "KeyRefusedError",
    "MoodlineClient",
    "MoodlineError",
    "NotFoundError",
    "ProblemError",
    "UnreachableError",
    "result_of",
]
