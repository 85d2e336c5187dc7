"""Routes of moods: the four that there are, the words for them, and a user's as a picture."""

from typing import Any

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api.domain.api_keys import Scope
from api.domain.mood.moods import LABELS, SUMMARIES, Mood, MoodLabel
from api.routes.openapi import documented, named_by_function
from api.routes.openapi_examples import example
from api.routes.request_models import PictureQuery, UserPath
from api.services import Services

_TAG = Tag(name="moods", description="The moods, and the words for them")


_EXAMPLE_ETAG = '"5f2b7d3c9a1e4068b1c7d2e3f4a5b6c7"'
_ETAG: dict[str, Any] = {
    "ETag": {
        "description": "stands for what the picture shows: another analysis, a correction that"
        " changes the timeline, another width or theme gives another one",
        "schema": {"type": "string"},
        "example": _EXAMPLE_ETAG,
    }
}


class PictureHeaders(BaseModel):
    """Headers of the call for a picture."""

    if_none_match: str | None = Field(
        None,
        alias="If-None-Match",
        description="ETags of pictures that the caller has, of which none is sent again",
        json_schema_extra={"example": _EXAMPLE_ETAG},
    )


class MoodDocument(BaseModel):
    """A mood: its name for programs, and the words for people."""

    mood: Mood = Field(description="its name in requests and answers")
    label: MoodLabel = Field(description="the word to show")
    description: str = Field(description="a sentence to the person whose mood it is")


class MoodsDocument(BaseModel):
    """The moods in the order to show them, from light to heavy."""

    moods: list[MoodDocument]

    model_config = example(
        {
            "moods": [
                {"mood": mood.value, "label": label.value, "description": SUMMARIES[mood]}
                for mood, label in LABELS.items()
            ]
        }
    )


def moods_blueprint(services: Services) -> APIBlueprint:
    """Return the routes of moods."""
    routes = APIBlueprint(
        "moods", __name__, abp_tags=[_TAG], operation_id_callback=named_by_function
    )

    @routes.get("/v1/moods", **documented(Scope.READ, {200: MoodsDocument}))
    def list_moods() -> Any:
        """List the moods with the words for them, which are the same in every answer."""
        moods = [
            MoodDocument(mood=mood, label=label, description=SUMMARIES[mood])
            for mood, label in LABELS.items()
        ]
        return MoodsDocument(moods=moods).model_dump(mode="json")

    picture = {
        "description": "the picture",
        "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
        "headers": _ETAG,
    }
    same = {"description": "the picture is that of the ETag in If-None-Match", "headers": _ETAG}

    @routes.get(
        "/v1/users/<user_name>/summary.png",
        **documented(Scope.READ, {200: picture, 304: same}, "not-found"),
    )
    def get_summary_picture(path: UserPath, query: PictureQuery, header: PictureHeaders) -> Any:  # noqa: ARG001  documented here, read by Flask
        """Return the newest mood as a picture: its label, feelings and timeline.

        The mood and the feelings are those of the newest analysis; the timeline is that of the
        posts as they stand now, corrections included.
        """
        etag, image = services.pictures.png(
            path.user_name, query.theme, query.width, request.if_none_match.contains
        )
        if image is None:
            response = Response(status=304)
        else:
            response = Response(image, content_type="image/png")
        response.set_etag(etag)
        return response

    return routes
