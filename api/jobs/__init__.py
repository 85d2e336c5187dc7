"""Run an analysis as a leased job that can be resumed."""

from api.jobs.runner import AnalysisRunner, Observer, RunnerLimits

__all__ = ["AnalysisRunner", "Observer", "RunnerLimits"]
