"""Hold the use cases in the product's words, grouped by what they are about."""

from __future__ import annotations

from dataclasses import dataclass

from api.domain.crisis_support import SupportList
from api.services.access import HOW_TO_MAKE_A_KEY, Access
from api.services.analyses import Analyses, LongCalls
from api.services.health import Health
from api.services.imports import ImportReport, Imports, Upload
from api.services.moods import Moods, UserOverview, plain_answer
from api.services.privacy import Privacy
from api.services.sign_ins import SignIns
from api.services.sources import Sources

__all__ = [
    "HOW_TO_MAKE_A_KEY",
    "Access",
    "Analyses",
    "Health",
    "ImportReport",
    "Imports",
    "LongCalls",
    "Moods",
    "Privacy",
    "Services",
    "SignIns",
    "Sources",
    "Upload",
    "UserOverview",
    "plain_answer",
]


@dataclass(frozen=True, slots=True)
class Services:
    """Hold everything that the routes may call."""

    imports: Imports
    analyses: Analyses
    moods: Moods
    privacy: Privacy
    health: Health
    sources: Sources
    sign_ins: SignIns
    access: Access
    support: SupportList
