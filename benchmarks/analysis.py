"""Compare the time of an analysis with that of only classifying its texts.

Each round has, in turn on the same two servers: the texts of a timeline classified by the inference
server without the API, in chunks and with as many requests in flight as the API has; an analysis
of that timeline, imported before; and an analysis after 20 new posts. The analyses' times are the
API's (created_at to finished_at), so that polling does not count.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from api.domain.posts import Post
from api.local import local_servers
from api.post_files.opening import DialectPostFiles
from api.runtime.processes import free_port, wait_ready
from api.settings import Settings
from benchmarks.machine import QUIET_LOAD, describe_commit, describe_machine
from serving.client import InferenceClient

DATA = Path(os.environ.get("MOODLINE_DATA", "../shared/data"))
RESULTS = Path(__file__).parent / "results"
POSTS = 3_207
NEW_POSTS = 20
LONGEST_RATIO, LARGEST_SHARE = 1.2, 0.03
_MADE_UP = "what a day at the sea with all of you, thank you so much for coming along again"


def main() -> int:
    """Measure, print, and save the figures if asked; the exit status is always 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.analysis", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, metavar="N")
    parser.add_argument("--keep", action="store_true", help="write the figures to results/")
    options = parser.parse_args()
    source, posts = timeline(DATA)
    document: dict[str, Any] = {
        "machine": describe_machine(),
        "commit": describe_commit(),
        "posts": f"{len(posts)} of {source}",
        "rounds": [],
    }
    with tempfile.TemporaryDirectory(prefix="moodline-bench-") as folder:
        env = {
            **os.environ,
            "DATA_DIR": folder,
            "STORE_URL": "",
            "API_HOST": "127.0.0.1",
            "API_PORT": str(free_port()),
            "SERVING_HOST": "127.0.0.1",
            "SERVING_PORT": str(free_port()),
            "SERVING_CACHE_TEXTS": "0",  # every round classifies the same texts
            "LOG_LEVEL": "warning",
        }
        with local_servers(env) as servers, httpx.Client(base_url=servers.api_url) as api:
            wait_ready(servers.api_url, servers.children)
            classify_only(servers.inference_url, [post.text for post in posts])  # warms up
            for number in range(options.rounds):
                document["rounds"].append(one_round(number, posts, api, servers.inference_url))
                print(_line(document["rounds"][-1]), flush=True)
    document["median"] = {
        name: median(each[name] for each in document["rounds"]) for name in document["rounds"][0]
    }
    report(document)
    if options.keep:
        RESULTS.mkdir(exist_ok=True)
        file = RESULTS / f"analysis-{datetime.now(UTC):%Y-%m-%d}.json"
        file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        print(f"kept in {file}")
    return 0


def timeline(data: Path) -> tuple[str, list[Post]]:
    """Return where the posts to analyse come from, and the newest POSTS of them, newest first."""
    file = data / "timelines" / "BarackObama.csv"
    if file.is_file():
        now = datetime.now(UTC)
        with file.open("rb") as stream:
            read = DialectPostFiles(lambda: now).open(stream, file.name, None, None).posts()
            posts = [item for item in read if isinstance(item, Post)]
        return "a real timeline", sorted(posts, key=lambda post: post.created_at)[::-1][:POSTS]
    sys.stderr.write(f"benchmarks: {file} is missing. THE POSTS ARE MADE UP.\n")
    words, first = _MADE_UP.split(), datetime(2024, 1, 1, tzinfo=UTC)
    return "made-up posts", [
        Post(str(n), " ".join(words[: 3 + n % 15]), first - timedelta(hours=n))
        for n in range(POSTS)
    ]


def one_round(
    number: int, posts: Sequence[Post], api: httpx.Client, inference_url: str
) -> dict[str, float]:
    """Return the seconds of classifying only, of an analysis, and of one after new posts."""
    user = f"bench{number}"
    import_posts(api, user, posts)
    found = {"alone": classify_only(inference_url, [post.text for post in posts])}
    found["analysis"] = analysed(api, user, len(posts))
    now = datetime.now(UTC)
    new = [
        Post(f"new{n}", posts[n * 100].text, now - timedelta(minutes=n)) for n in range(NEW_POSTS)
    ]
    import_posts(api, user, new)
    found["again"] = analysed(api, user, NEW_POSTS)
    return {
        **found,
        "ratio": found["analysis"] / found["alone"],
        "share": found["again"] / found["analysis"],
    }


def classify_only(url: str, texts: Sequence[str]) -> float:
    """Return the seconds that the inference server needs for texts sent as the API sends them."""
    settings = Settings()
    size = settings.chunk_posts
    chunks = [texts[start : start + size] for start in range(0, len(texts), size)]
    with InferenceClient(url) as client, ThreadPoolExecutor(settings.requests_in_flight) as pool:
        began = time.perf_counter()
        answers = list(pool.map(client.classify, chunks))
        took = time.perf_counter() - began
    if sum(map(len, answers)) != len(texts):
        raise RuntimeError("the inference server left texts out")
    return took


def import_posts(api: httpx.Client, user: str, posts: Sequence[Post]) -> None:
    lines = "\n".join(
        json.dumps({
            "id": post.post_id,
            "text": post.text,
            "created_at": post.created_at.isoformat(),
            "likes": post.engagement.likes,
            "reposts": post.engagement.reposts,
        })
        for post in posts
    )  # fmt: skip
    api.post(f"/v1/users/{user}/posts", content=lines, timeout=60).raise_for_status()


def analysed(api: httpx.Client, user: str, new: int) -> float:
    """Return the seconds of an analysis that has to classify `new` posts."""
    answer = api.post("/v1/analyses", json={"user_name": user, "consent": True})
    analysis = answer.raise_for_status().json()
    while analysis["state"] in ("queued", "running"):
        time.sleep(0.2)
        analysis = api.get(f"/v1/analyses/{analysis['analysis_id']}").raise_for_status().json()
    if analysis["state"] != "succeeded" or analysis["progress"]["classified"] != new:
        raise RuntimeError(f"the analysis did not do what it should: {analysis}")
    began, ended = (
        datetime.fromisoformat(analysis[name]) for name in ("created_at", "finished_at")
    )
    return (ended - began).total_seconds()


def report(document: dict[str, Any]) -> None:
    """Print the medians with their targets, and whether the machine was busy."""
    middle, machine = document["median"], document["machine"]
    print(
        f"\n{document['posts']}, {machine['processor']}, {machine['cores']} cores,"
        f" Python {machine['python']}, commit {document['commit']}\n"
        f"median of {len(document['rounds'])}: {_line(middle)}\n"
        f"an analysis takes {middle['ratio']:.2f} x the inference server alone"
        f" (at most {LONGEST_RATIO}), one after {NEW_POSTS} new posts {middle['share']:.1%} of it"
        f" (at most {LARGEST_SHARE:.0%})"
    )
    if machine["load_average_before"] > QUIET_LOAD:
        print(f"THE MACHINE WAS BUSY (load {machine['load_average_before']:.1f}): do not publish.")


def _line(found: dict[str, float]) -> str:
    return (
        f"alone {found['alone']:.2f} s, analysis {found['analysis']:.2f} s"
        f" ({found['ratio']:.2f} x), again {found['again'] * 1000:.0f} ms ({found['share']:.1%})"
    )


if __name__ == "__main__":
    sys.exit(main())
