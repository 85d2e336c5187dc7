"""Routes of a user who looks back: /v1/users/{user_name}/posts, /analyses and /patterns."""

from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api.domain.api_keys import Scope
from api.routes.documents.browsing import (
    HistoryPageDocument,
    PatternsDocument,
    PostsPageDocument,
    analyses_document,
    patterns_document,
    posts_document,
)
from api.routes.openapi import documented, named_by_function
from api.routes.request_models import AnalysesQuery, DateRangeQuery, PostsQuery, UserPath
from api.services import Services

_TAG = Tag(name="looking back", description="A user's posts, past analyses and patterns")


def browsing_blueprint(services: Services) -> APIBlueprint:
    """Return the routes of looking back."""
    routes = APIBlueprint(
        "browsing",
        __name__,
        url_prefix="/v1/users/<user_name>",
        abp_tags=[_TAG],
        operation_id_callback=named_by_function,
    )

    @routes.get("/posts", **documented(Scope.READ, {200: PostsPageDocument}, "not-found"))
    def list_posts(path: UserPath, query: PostsQuery) -> Any:
        """Return a page of the user's posts, newest first, with the emotion of each."""
        page = services.browsing.posts(
            path.user_name,
            query.days(),
            emotion=query.emotion,
            ownership=query.ownership,
            text=query.text,
            cursor=query.cursor,
            limit=query.limit,
        )
        return posts_document(page)

    @routes.get("/analyses", **documented(Scope.READ, {200: HistoryPageDocument}, "not-found"))
    def list_analyses(path: UserPath, query: AnalysesQuery) -> Any:
        """Return a page of the user's succeeded analyses, newest first."""
        page = services.browsing.analyses(path.user_name, cursor=query.cursor, limit=query.limit)
        return analyses_document(page)

    @routes.get("/patterns", **documented(Scope.READ, {200: PatternsDocument}, "not-found"))
    def get_patterns(path: UserPath, query: DateRangeQuery) -> Any:
        """Return when the user's posts are lighter or heavier, and which words they have then."""
        return patterns_document(services.browsing.patterns(path.user_name, query.days()))

    return routes
