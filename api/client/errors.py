"""Errors of the client.

MoodlineError
+-- UnreachableError     no answer within the deadline, or none that can be read
+-- ProblemError         the API refused the call, and says why in a problem document
|   +-- KeyRefusedError  401 and 403
|   +-- NotFoundError    404
|   +-- BusyError        429 and 503, when the deadline leaves no time to try again
+-- AnalysisEndedError   an analysis failed or was cancelled
"""

from api.client.documents import Analysis, Problem


class MoodlineError(Exception):
    """Any error of the client; its text is for people."""


class UnreachableError(MoodlineError):
    """The API gave no answer within the deadline, or one that is not of the API."""


class ProblemError(MoodlineError):
    """The API refused the call; problem is its problem document."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(explained(problem))
        self.problem = problem

    @property
    def kind(self) -> str:
        """Return the kind of problem, such as "not-found", which stays the same."""
        return self.problem["type"].rpartition("/")[2]


class KeyRefusedError(ProblemError):
    """The call needs an API key, or one that allows more."""


class NotFoundError(ProblemError):
    """There is no such user, analysis, post or result."""


class BusyError(ProblemError):
    """The API is too busy or not ready; retry_after is the seconds it asked to wait."""

    def __init__(self, problem: Problem, retry_after: float) -> None:
        super().__init__(problem)
        self.retry_after = retry_after


class AnalysisEndedError(MoodlineError):
    """An analysis ended without a result; analysis is its document."""

    def __init__(self, analysis: Analysis) -> None:
        problem = analysis["problem"]
        if analysis["state"] == "cancelled" or problem is None:
            super().__init__("the analysis was cancelled")
        else:
            super().__init__(f"the analysis failed: {problem['title']}: {problem['detail']}")
        self.analysis = analysis


def explained(problem: Problem) -> str:
    """Return a problem document as text, one line per fault."""
    lines = [f"{problem['title']}: {problem['detail']}"]
    lines += [f"  {fault['where']}: {fault['reason']}" for fault in problem["errors"]]
    return "\n".join(lines)
