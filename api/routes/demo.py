"""Routes of the demo: invented people and their posts as a file to import. No key is needed."""

from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from api.demo.people import PEOPLE
from api.routes.openapi import documented, named_by_function
from api.routes.openapi_examples import POSTS_CSV, example
from api.routes.request_models import UserPath
from api.services import Services

_TAG = Tag(name="demo", description="Invented people, to try the service with")
_MAY_BE_KEPT = {"Cache-Control": "public, max-age=3600"}  # nothing in it is about anybody


class DemoPersonDocument(BaseModel):
    """An invented person, and where their posts are."""

    user_name: str
    title: str = Field(description="their name")
    about: str = Field(description="a sentence on what their posts tell of")
    url: str = Field(description="their posts as CSV, to be sent to POST .../posts")


_LISTED = [
    DemoPersonDocument(
        user_name=each.user_name,
        title=each.title,
        about=each.about,
        url=f"/v1/demo/{each.user_name}.csv",
    ).model_dump()
    for each in PEOPLE
]


class DemoDocument(BaseModel):
    """The invented people."""

    people: list[DemoPersonDocument]

    model_config = example({"people": _LISTED[:1]})


def demo_blueprint(services: Services) -> APIBlueprint:
    """Return the routes of the demo."""
    routes = APIBlueprint(
        "demo",
        __name__,
        url_prefix="/v1/demo",
        abp_tags=[_TAG],
        operation_id_callback=named_by_function,
    )

    @routes.get("", **documented(None, {200: DemoDocument}))
    def list_demo_people() -> Any:
        """List the invented people whose posts the service can be tried with."""
        return {"people": _LISTED}, 200, _MAY_BE_KEPT

    posts_answer = {
        "description": "the posts, as a file that can be imported",
        "content": {"text/csv": {"schema": {"type": "string"}, "example": POSTS_CSV}},
    }

    @routes.get("/<user_name>.csv", **documented(None, {200: posts_answer}, "not-found"))
    def get_demo_posts(path: UserPath) -> Any:
        """Return the posts of an invented person as CSV."""
        posts = services.demo.csv(path.user_name)
        return posts, 200, {"Content-Type": "text/csv; charset=utf-8", **_MAY_BE_KEPT}

    return routes
