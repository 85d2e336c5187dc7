"""Each alert has a runbook, and each dashboard the variables that its queries use."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BOARDS = sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))
GRAFANAS_OWN = re.compile(r"__(rate_)?(interval|range)\b")


def alerts() -> list[dict[str, Any]]:
    text = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def sections(file: Path) -> dict[str, str]:
    """Return the text of each section of a Markdown file by its anchor."""
    found = re.split(r"^## (.+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    titles, texts = found[::2], found[1::2]
    anchors = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]
    return dict(zip(anchors, texts, strict=True))


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_each_alert_names_a_runbook_that_says_what_it_means_and_what_to_do(
    rule: dict[str, Any],
) -> None:
    name, _, anchor = rule["annotations"]["runbook_url"].partition("#")

    assert anchor == rule["alert"].lower()
    text = sections(ROOT / name)[anchor]
    assert [part for part in ("**Means**:", "**Look at**:", "**Do**:") if part not in text] == []


def test_each_runbook_is_of_an_alert() -> None:
    named = {rule["alert"].lower() for rule in alerts()}

    assert set(sections(ROOT / "docs" / "runbooks.md")) == named


def test_the_links_of_the_runbooks_lead_somewhere() -> None:
    text = (ROOT / "docs" / "runbooks.md").read_text(encoding="utf-8")
    anchors = sections(ROOT / "docs" / "runbooks.md")

    for file, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", text):
        assert not file or (ROOT / "docs" / file).exists()
        assert file or anchor in anchors


@pytest.mark.parametrize("file", BOARDS, ids=lambda file: file.stem)
def test_each_dashboard_has_its_variables_and_no_two_panels_in_one_place(file: Path) -> None:
    board = json.loads(file.read_text(encoding="utf-8"))
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    used = {name for query in queries for name in re.findall(r"\$\{?(\w+)", query)}
    declared = {one["name"] for one in board.get("templating", {}).get("list", ())}
    places = set()

    assert {name for name in used if not GRAFANAS_OWN.fullmatch(name)} == declared
    assert board["uid"] == file.stem
    for panel in board["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & places, panel["title"]
        places |= cells


def test_a_cluster_gets_every_dashboard() -> None:
    text = (ROOT / "deploy" / "grafana" / "kustomization.yaml").read_text(encoding="utf-8")
    (generator,) = yaml.safe_load(text)["configMapGenerator"]

    assert sorted(generator["files"]) == [f"dashboards/{file.name}" for file in BOARDS]
