"""The page of docs/front-ends.md works as it is printed there, from another origin, with a key."""

import re

import pytest

from api.demo.people import PEOPLE, POSTS
from tests.e2e.browser.conftest import Elsewhere, KeyedApi
from tests.e2e.browser.people import OpenPage
from tests.support.serving.started import ROOT

pytestmark = pytest.mark.integration

GUIDE = ROOT / "docs" / "front-ends.md"


CHANGES_OF_THE_NEWEST = """async ([user, key]) => {
  const headers = { Authorization: `Bearer ${key}` };
  const answer = await fetch(`API/v1/users/${user}/analyses`, { headers });
  const id = (await answer.json()).analyses[0].analysis_id;
  const url = `API/v1/analyses/${id}/events`;
  const states = [];
  for await (const { state } of changes(url, headers)) states.push(state);
  return states;
}"""


def snippet(language: str) -> str:
    (text,) = re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    return str(text)


def test_the_page_of_the_guide_shows_a_mood_and_says_why_it_cannot(
    open_page: OpenPage, keyed_api: KeyedApi, elsewhere: Elsewhere
) -> None:
    from playwright.sync_api import expect  # here: without a browser it may be missing

    page_text = snippet("html")
    page_text = page_text.replace("http://127.0.0.1:8000", keyed_api.url)
    (elsewhere.folder / "index.html").write_text(page_text, encoding="utf-8")
    person = PEOPLE[0]
    page = open_page(elsewhere.origin, ready="form", also_calls=keyed_api.url)

    page.get_by_label("User name").fill(person.user_name)
    page.get_by_label("Posts", exact=True).set_input_files(POSTS / person.file)
    page.get_by_label("These are my own posts").check()
    page.get_by_role("button", name="Analyse").click()
    said = page.get_by_role("status")
    expect(said).to_contain_text("key")
    page.get_by_label("API key").fill(keyed_api.key)
    page.get_by_role("button", name="Analyse").click()

    expect(said).to_contain_text("Your posts lean bright", timeout=30_000)
    page.add_script_tag(content=snippet("js"))
    follow = CHANGES_OF_THE_NEWEST.replace("API", keyed_api.url)
    assert page.evaluate(follow, [person.user_name, keyed_api.key]) == ["succeeded"]
