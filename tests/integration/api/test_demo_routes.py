"""The invented people's posts can be had without a key, and imported as they are."""

import io

import pytest

from api.demo.people import PEOPLE, Person
from tests.support.wired_service import WiredService, problem


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.user_name)
def test_the_posts_of_an_invented_person_are_a_file_that_can_be_imported(
    wired: WiredService, person: Person
) -> None:
    listed = {each["user_name"]: each for each in wired.client.get("/v1/demo").get_json()["people"]}
    answer = wired.client.get(listed[person.user_name]["url"])

    report = wired.client.post(
        "/v1/users/alice/posts",
        data={"file": (io.BytesIO(answer.data), f"{person.user_name}.csv")},
    ).get_json()

    assert answer.content_type == "text/csv; charset=utf-8"
    assert (report["imported"], report["skipped"]) == (person.posts, 0)
    assert report["unused_columns"] == []
    assert answer.headers["Cache-Control"] == "public, max-age=3600"


def test_nobody_else_has_demo_posts(shared: WiredService) -> None:
    problem(shared.client.get("/v1/demo/nobody.csv"), 404, "not-found")
