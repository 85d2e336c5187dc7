"""The commands of looking back: a user's posts, past analyses and patterns."""

import json
import textwrap
from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from api.cli.mood_summary import WIDTH
from api.cli.terminal import say, shown_json
from api.client import MoodlineClient
from api.client.documents import Patterns

_TEXT_WIDTH = 46


def posts(api: MoodlineClient, options: Namespace) -> None:
    """Print the newest posts that are asked for, with the emotion of each."""
    found = api.posts(
        options.user,
        limit=options.limit,
        **_days(options),
        emotion=options.emotion,
        text=options.text,
    )
    if options.json:
        _print_json(found)
        return
    for post in found["posts"]:
        emotion = post["emotion"] or "not analysed"
        text = textwrap.shorten(post["text"], _TEXT_WIDTH, placeholder="...")
        say(f"{_minute(post['created_at'])}  {emotion:<12}  {text}")
        if post["url"]:
            say(f"{'':16}  {post['url']}")
    say(f"{len(found['posts'])} of {found['total']} posts")
    if found["searched_to"]:
        say(f"posts before {_minute(found['searched_to'])} were not searched: say --to")


def history(api: MoodlineClient, options: Namespace) -> None:
    """Print the newest analyses, with the mood of each and what changed."""
    found = api.history(options.user, limit=options.limit)
    if options.json:
        _print_json(found)
        return
    for each in found["analyses"]:
        label = each["label"] or "No mood"
        say(f"{_minute(each['finished_at'])}  {label:<9} from {each['posts']} posts")
        change = each["changed_by"]
        for words in (each["confidence_words"], change and change["words"]):
            if words:
                say(textwrap.indent(textwrap.fill(words, WIDTH - 4), "    "))
    if not found["analyses"]:
        say(f"none of @{options.user}'s posts was analysed yet: moodline analyse")


def patterns(api: MoodlineClient, options: Namespace) -> None:
    """Print when posts are lighter or heavier, and the words they have then."""
    found = api.patterns(options.user, **_days(options))
    if options.json:
        _print_json(found)
    else:
        say("\n".join(_pattern_lines(found)))


def _pattern_lines(found: Patterns) -> Iterator[str]:
    if found["balance"] is None:
        yield "no posts were analysed: moodline analyse"
        return
    yield f"{found['posts']} posts; balance of light and heavy {found['balance']:+.2f}"
    for title, groups in (
        ("by weekday", found["weekdays"]),
        ("by hour", found["hours"]),
        ("own and others'", found["ownership"]),
    ):
        yield f"{title}:"
        for each in groups:
            light, heavy = each["positivity"], each["negativity"]
            if light is not None and heavy is not None:
                mark = "  more than chance" if each["beyond_chance"] else ""
                yield f"  {each['name']:<10}{light - heavy:+.2f}  {each['posts']:>6} posts{mark}"
    for kind, sign, sides in (("words", "", found["words"]), ("hashtags", "#", found["hashtags"])):
        for side, listed in (("light", sides["light"]), ("heavy", sides["heavy"])):
            words = [f"{sign}{each['word']} ({each['posts']})" for each in listed]
            yield from textwrap.wrap(
                f"{kind} of {side} posts: {', '.join(words) or 'none beyond chance'}",
                WIDTH,
                subsequent_indent="  ",
            )
    yield f"Fewer than {found['least_posts']} posts are left out, and so is what may be chance."


def _days(options: Namespace) -> dict[str, str]:
    days = {"first": options.first, "last": options.last, "timezone": options.timezone}
    return {name: value for name, value in days.items() if value is not None}


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def _print_json(value: Any) -> None:
    print(shown_json(json.dumps(value, ensure_ascii=False, indent=2)))
