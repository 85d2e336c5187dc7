"""Routes of /v1/users/{user_name}: posts, mood, timeline, recommendations, consent, export."""

from typing import Any, cast

from flask import request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from api.domain.analyses import TRAINING_WORDS, WORDS, WORDS_VERSION, consent_words
from api.domain.api_keys import Scope
from api.errors import FieldError, InvalidRequestError
from api.ports.store import Retention
from api.routes import openapi_examples as examples
from api.routes.documents.imports import ImportDocument, import_document
from api.routes.documents.users import (
    ConsentDocument,
    ConsentWordsDocument,
    ErasureDocument,
    RecommendationsDocument,
    TimelineDocument,
    UserDocument,
    user_document,
)
from api.routes.exports import EXPORT_CONTENT, csv_export, download, json_export
from api.routes.openapi import BODY, CHANGES, documented, named_by_function
from api.routes.request_models import (
    ConsentBody,
    CountryQuery,
    ExportQuery,
    ImportQuery,
    TimelineQuery,
    UserPath,
)
from api.services import Services
from api.services.imports import Upload

_TAG = Tag(name="users", description="Stored data about a user, and what it shows")

IMPORT_POSTS = "users.import_posts"
"""Endpoint of the import, which takes larger bodies than all others."""

MULTIPART_OVERHEAD_BYTES = 64 * 1024
"""How much larger than its file the body of an import may be."""

_FILE = {"type": "string", "format": "binary"}
_FORM = {"$ref": "#/components/schemas/PostFileForm"}
_POST_FILE = {
    "description": "a file of posts as the whole body, or as the field `file` of a form",
    "required": True,
    "content": {
        # Generators of clients that know one kind of body per call take the first.
        "text/csv": {"schema": _FILE, "example": examples.POSTS_CSV},
        "application/x-ndjson": {"schema": _FILE, "example": examples.POSTS_JSON_LINES},
        "text/javascript": {"schema": _FILE},
        "application/zip": {"schema": _FILE},
        "application/octet-stream": {"schema": _FILE},
        "multipart/form-data": {"schema": _FORM},
    },
}


def users_blueprint(services: Services) -> APIBlueprint:
    """Return the routes of users."""
    routes = APIBlueprint(
        "users",
        __name__,
        url_prefix="/v1/users/<user_name>",
        abp_tags=[_TAG],
        operation_id_callback=named_by_function,
    )

    @routes.post(
        "/posts",
        **documented(
            Scope.ANALYSE, {200: ImportDocument}, *BODY, "unreadable-file", "ambiguous-dates"
        ),
        openapi_extensions={"requestBody": _POST_FILE},
    )
    def import_posts(path: UserPath, query: ImportQuery) -> Any:
        """Import a file of posts, of any kind that GET /v1/import-formats lists.

        The answer says what was understood of it; with dry_run nothing is stored.
        """
        report = services.imports.import_posts(
            path.user_name, _upload(), dry_run=query.dry_run, date_order=query.date_order
        )
        return import_document(report)

    @routes.get("", **documented(Scope.READ, {200: UserDocument}, "not-found"))
    def get_user(path: UserPath, query: CountryQuery) -> Any:
        """Return the newest mood and result of a user."""
        overview = services.users.overview(path.user_name)
        return user_document(overview, services.support, query.country, services.served_model.key)

    @routes.get("/timeline", **documented(Scope.READ, {200: TimelineDocument}, "not-found"))
    def get_timeline(path: UserPath, query: TimelineQuery) -> Any:
        """Return the user's emotions over time, oldest first, by days of the zone asked for."""
        buckets = services.users.timeline(path.user_name, query.bucket, query.days())
        return {"bucket": query.bucket, "timeline": [item.to_dict() for item in buckets]}

    @routes.get(
        "/recommendations", **documented(Scope.READ, {200: RecommendationsDocument}, "not-found")
    )
    def get_recommendations(path: UserPath) -> Any:
        """Return accounts, hashtags and friends recommended today."""
        return services.users.recommendations(path.user_name).to_dict()

    @routes.put("/consent", **documented(Scope.ANALYSE, {200: ConsentDocument}, *BODY))
    def give_consent(path: UserPath, body: ConsentBody) -> Any:
        """Agree to be analysed and, with matchable, to be recommended to others as a friend.

        With training, corrections and feedback may be used to improve the model and the moods. Each
        call says all of it anew: what is left out is no longer agreed to.
        """
        user = services.users.consent(
            path.user_name, matchable=body.matchable, training=body.training
        )
        return {
            "user_name": user.user_name,
            "consented_at": user.consented_at.isoformat() if user.consented_at else None,
            "words": consent_words(training=user.training),
            "words_version": WORDS_VERSION,
            "matchable": user.matchable,
            "training": user.training,
        }

    erases = documented(Scope.ERASE, {204: None, 202: ErasureDocument}, *CHANGES, "not-found")

    @routes.delete("/consent", **erases)
    def withdraw_consent(path: UserPath) -> Any:
        """Withdraw consent, which erases everything stored about the user."""
        return _erased(path.user_name, complete=services.users.erase(path.user_name))

    exports = {"description": "the export, as a download", "content": EXPORT_CONTENT}

    @routes.get("/export", **documented(Scope.READ, {200: exports}, "not-found"))
    def export_user(path: UserPath, query: ExportQuery) -> Any:
        """Return everything stored about a user as JSON, or their posts as CSV for a spreadsheet.

        A range of days limits the posts, nothing else. The CSV has one row per post, in UTF-8 with
        a byte order mark, without which Excel reads it in another encoding. A text that a
        spreadsheet would run as a formula has an apostrophe in front: one that begins with =, +, -
        or @, be it after blanks or in full width, or with a tab or line break; so "@ana thanks"
        does too, which Excel would run. Importing the file here takes the apostrophes away again.
        """
        export = services.users.export(path.user_name, query.days())
        if query.format == "csv":
            return download("moodline-posts.csv", "text/csv; charset=utf-8", csv_export(export))
        return download("moodline-export.json", "application/json", json_export(export))

    @routes.delete("", **erases)
    def erase_user(path: UserPath) -> Any:
        """Erase everything stored about a user; a running analysis cannot restore it.

        202 says that nothing can be read any more, but that some is still in the store's files.
        """
        return _erased(path.user_name, complete=services.users.erase(path.user_name))

    return routes


def consent_words_blueprint(retention: Retention) -> APIBlueprint:
    """Return the route of the words of a consent, which are about nobody: no key is needed."""
    routes = APIBlueprint("consent_words", __name__, abp_tags=[_TAG])

    @routes.get(
        "/v1/consent-words",
        operation_id="get_consent_words",
        **documented(None, {200: ConsentWordsDocument}),
    )
    def get_consent_words() -> Any:
        """Return what a person agrees to, with every consent and where training is true.

        It says too how long what they give is stored.
        """
        return {
            "words_version": WORDS_VERSION,
            "analysis": WORDS,
            "training": TRAINING_WORDS,
            "posts_retention_days": retention.posts.days,
            "moods_retention_days": retention.moods.days,
        }

    return routes


def _erased(user_name: str, *, complete: bool) -> Any:
    if complete:
        return "", 204
    document = ErasureDocument(user_name=user_name, pending=["files of the store"])
    return document.model_dump(), 202


def _upload() -> Upload:
    if request.mimetype != "multipart/form-data":
        return Upload(cast(Any, request.stream), None, request.mimetype or None)
    file = request.files.get("file")
    if file is None:
        raise InvalidRequestError(
            "The form holds no file.", [FieldError("file", "send the file in this form field")]
        )
    return Upload(cast(Any, file.stream), file.filename, file.mimetype or None)
