"""Read what is shipped with the API as data: the catalogue, and who to turn to."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

from api.domain.catalogue import parse_catalogue
from api.domain.crisis_support import SupportEntry, parse_support
from api.domain.recommendations import CatalogueItem
from api.settings import SettingsError


def catalogue_items() -> list[CatalogueItem]:
    """Return what may be recommended."""
    file = resources.files("api").joinpath("catalogue.json")
    return parse_catalogue(json.loads(file.read_bytes()))


def support_entries(own_file: Path | None) -> list[SupportEntry]:
    """Return the entries of the operator's file, or of the one that is shipped.

    Raises SettingsError where they cannot be read.
    """
    file = own_file or resources.files("api").joinpath("support.json")
    try:
        return parse_support(json.loads(file.read_bytes()))
    except OSError as error:
        raise SettingsError(f"CRISIS_RESOURCES: {own_file}: {error.strerror}.") from error
    except ValueError as error:
        raise SettingsError(f"CRISIS_RESOURCES: {own_file}: {error}.") from error
