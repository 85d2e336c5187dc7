"""Use cases, grouped by what they are about."""

from dataclasses import dataclass

from api.domain.crisis_support import SupportList
from api.ports.store import Retention
from api.services.access import Access
from api.services.analyses import Analyses
from api.services.browsing import Browsing
from api.services.demo_posts import DemoPosts
from api.services.health import Health
from api.services.imports import Imports
from api.services.pictures import Pictures
from api.services.served_model import ServedModel
from api.services.sign_ins import SignIns
from api.services.sources import Sources
from api.services.users import Users


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that the routes may call."""

    imports: Imports
    analyses: Analyses
    users: Users
    browsing: Browsing
    pictures: Pictures
    demo: DemoPosts
    health: Health
    sources: Sources
    sign_ins: SignIns
    access: Access
    support: SupportList
    served_model: ServedModel
    retention: Retention
