"""Run an analysis as a leased job that can be resumed."""

from api.jobs.runner import AnalysisRunner, Observer, RunnerLimits
from api.jobs.sweeper import Sweeper

__all__ = ["AnalysisRunner", "Observer", "RunnerLimits", "Sweeper"]
