"""Routes of /v1/users/{user_name}/corrections: the emotions that the user says posts have."""

from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api.domain.api_keys import Scope
from api.routes.documents.posts import PostDocument, post_document
from api.routes.openapi import BODY, CHANGES, documented, named_by_function
from api.routes.request_models import CorrectionBody, CorrectionQuery, UserPath
from api.services import Services

_TAG = Tag(name="corrections", description="What the user says of a post against the model")


def corrections_blueprint(services: Services) -> APIBlueprint:
    """Return the routes of corrections."""
    routes = APIBlueprint(
        "corrections",
        __name__,
        url_prefix="/v1/users/<user_name>/corrections",
        abp_tags=[_TAG],
        operation_id_callback=named_by_function,
    )

    @routes.put("", **documented(Scope.ANALYSE, {200: PostDocument}, *BODY, "not-found"))
    def correct_post(path: UserPath, body: CorrectionBody) -> Any:
        """Say which emotion a post has, where the model reads it otherwise.

        From the next analysis on the post counts as that emotion, with probability 1 and without
        irony; its scores stay the model's. A correction is kept until it is taken back, the text of
        the post changes, or the post is deleted.
        """
        return post_document(services.users.correct(path.user_name, body.post_id, body.emotion))

    @routes.delete("", **documented(Scope.ANALYSE, {200: PostDocument}, *CHANGES, "not-found"))
    def take_correction_back(path: UserPath, query: CorrectionQuery) -> Any:
        """Take the correction of a post back: from the next analysis on it counts as read.

        A post without a correction stays as it is.
        """
        return post_document(services.users.correct(path.user_name, query.post_id, None))

    return routes
