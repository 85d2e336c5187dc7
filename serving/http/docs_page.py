"""The page /docs, which draws /docs.json with Swagger UI: search, schemas and trying calls out.

Swagger UI's files are those of the package flask-openapi3-swagger, which is only looked for and
never imported: nothing of Flask runs here.
"""

from importlib.util import find_spec
from pathlib import Path

from serving.errors import SettingsError
from serving.http.messages import Answer

DOCS_PATH = "/docs"
_PACKAGE = "flask_openapi3_swagger"
_OWN = Path(__file__).parent / "docs"
_HTML, _CSS, _SCRIPT = "text/html; charset=utf-8", "text/css; charset=utf-8", "text/javascript"
# Swagger UI's style sheet holds its icons as data.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    ("content-security-policy", _POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
)


def docs_page() -> dict[str, Answer]:
    """Return the page and what it loads, by path.

    Raises SettingsError if the package with Swagger UI's files is not installed.
    """
    swagger_ui = _swagger_ui()
    files = {
        DOCS_PATH: (_OWN / "docs.html", _HTML),
        f"{DOCS_PATH}/docs.css": (_OWN / "docs.css", _CSS),
        f"{DOCS_PATH}/docs.js": (_OWN / "docs.js", _SCRIPT),
        f"{DOCS_PATH}/swagger-ui.css": (swagger_ui / "css" / "swagger-ui.css", _CSS),
        f"{DOCS_PATH}/swagger-ui-bundle.js": (swagger_ui / "js" / "swagger-ui-bundle.js", _SCRIPT),
    }
    return {
        path: Answer(200, file.read_bytes(), content_type, _HEADERS)
        for path, (file, content_type) in files.items()
    }


def _swagger_ui() -> Path:
    """Return the folder of Swagger UI's files, without running anything of their package."""
    package = find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise SettingsError(
            "SERVING_DOCS: the page /docs needs the package flask-openapi3-swagger: install"
            " moodline[serving], or set SERVING_DOCS=off"
        )
    return Path(package.origin).parent / "templates" / "swagger"
