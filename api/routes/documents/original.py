"""Define what the calls of the original front end answer."""

from __future__ import annotations

from pydantic import BaseModel, RootModel

from api.routes.openapi_examples import ORIGINAL_RECOMMENDATIONS, example


class OriginalAnalysisDocument(RootModel[list[str | None]]):
    """Hold [mood, happiest post, saddest post]."""

    model_config = example(["Cheerful", "Best day of the year!", "Missed the bus"])


class OriginalRecommendationsDocument(BaseModel):
    """Hold plain names."""

    big_accounts: list[str]
    hashtags: list[str]
    friend: list[str]

    model_config = example(ORIGINAL_RECOMMENDATIONS)
