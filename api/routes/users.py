"""Serve /v1/users/{user_name}."""

from __future__ import annotations

from typing import Any, cast

from flask import json
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models import RawModel
from flask_openapi3.models.tag import Tag

from api.errors import FieldError, InvalidRequestError
from api.routes.bodies import ConsentBody, TimelineQuery, UserPath
from api.routes.documents import ImportDocument, UserDocument, import_document, user_document
from api.services import Services, Upload

_TAG = Tag(name="users", description="What is held about a user, and what it says")

_MULTIPART_OVERHEAD_BYTES = 64 * 1024


class PostFile(RawModel):
    """Take a file of posts as the whole body, or as the field `file` of a form."""

    mimetypes = [  # noqa: RUF012  flask-openapi3 reads a list
        "application/zip",
        "application/x-ndjson",
        "text/csv",
        "text/javascript",
        "application/octet-stream",
        "multipart/form-data",
    ]


def users_blueprint(
    services: Services, problems: dict[str | int, Any], *, max_import_bytes: int
) -> APIBlueprint:
    """Return the routes of users."""
    routes = APIBlueprint(
        "users",
        __name__,
        url_prefix="/v1/users/<user_name>",
        abp_tags=[_TAG],
        abp_responses=problems,
    )

    @routes.post("/posts", responses={200: ImportDocument})
    def import_posts(path: UserPath, raw: PostFile) -> Any:
        """Import posts: an X archive (zip or tweets.js), JSON lines or CSV."""
        raw.max_content_length = max_import_bytes + _MULTIPART_OVERHEAD_BYTES
        return import_document(services.imports.import_posts(path.user_name, _upload(raw)))

    @routes.get("", responses={200: UserDocument})
    def get_user(path: UserPath) -> Any:
        """Return the newest mood and result of a user."""
        return user_document(services.moods.user(path.user_name))

    @routes.get("/timeline", responses={200: {"description": "emotions by day or week"}})
    def get_timeline(path: UserPath, query: TimelineQuery) -> Any:
        """Return the user's emotions over time, oldest first."""
        buckets = services.moods.timeline(path.user_name, query.bucket)
        return {"bucket": query.bucket, "timeline": [item.to_dict() for item in buckets]}

    @routes.get("/recommendations", responses={200: {"description": "what may do good today"}})
    def get_recommendations(path: UserPath) -> Any:
        """Return accounts, hashtags and friends that may do good today."""
        return services.moods.recommendations(path.user_name).to_dict()

    @routes.put("/consent", responses={200: {"description": "the consent on record"}})
    def give_consent(path: UserPath, body: ConsentBody) -> Any:
        """Agree to be analysed and, where matchable is true, to be shown to others as a friend."""
        user = services.privacy.consent(path.user_name, matchable=body.matchable)
        at = user.consented_at.isoformat() if user.consented_at else None
        return {
            "user_name": user.user_name,
            "consented_at": at,
            "matchable": body.matchable,
        }

    @routes.delete("/consent", responses={204: None})
    def withdraw_consent(path: UserPath) -> Any:
        """Withdraw consent, which erases everything held about the user."""
        services.privacy.erase(path.user_name)
        return "", 204

    @routes.get("/export", responses={200: {"description": "everything held, as JSON"}})
    def export_user(path: UserPath) -> Any:
        """Return everything held about a user."""
        body = json.dumps(services.privacy.export(path.user_name), ensure_ascii=False)
        headers = {
            "Content-Type": "application/json",
            "Content-Disposition": 'attachment; filename="moodline-export.json"',
        }
        return body, 200, headers

    @routes.delete("", responses={204: None})
    def erase_user(path: UserPath) -> Any:
        """Erase everything held about a user; work under way cannot bring it back."""
        services.privacy.erase(path.user_name)
        return "", 204

    return routes


def _upload(request: PostFile) -> Upload:
    if request.mimetype != "multipart/form-data":
        return Upload(cast(Any, request.stream), None, request.mimetype or None)
    file = request.files.get("file")
    if file is None:
        raise InvalidRequestError(
            "The form holds no file.", [FieldError("file", "send the file in this form field")]
        )
    return Upload(cast(Any, file.stream), file.filename, file.mimetype or None)
