import pytest

from serving.errors import KeyRefusedError
from serving.http.auth import BearerKeys

KEYS = BearerKeys({"api": "0123456789abcdef", "team-b": "fedcba9876543210"})


def test_a_key_is_known_by_its_name() -> None:
    assert KEYS.name_of("Bearer fedcba9876543210") == "team-b"
    assert KEYS.name_of("bearer 0123456789abcdef") == "api"


@pytest.mark.parametrize(
    "shown",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer 0123456789abcdeF",
        "Basic 0123456789abcdef",
        "0123456789abcdef",
        "Bearer \xff\xfe",
        "Bearer 0123456789abcdef fedcba9876543210",
    ],
)
def test_any_other_key_is_refused(shown: str | None) -> None:
    with pytest.raises(KeyRefusedError):
        KEYS.name_of(shown)
