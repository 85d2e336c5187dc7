"""Mood summary: a mood result as plain text for a terminal."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH = 78
_BAR = 30
_SHOWN_EMOTIONS = 5


def mood_summary(
    user_name: str, result: Mapping[str, Any], recommended: Mapping[str, Any] | None
) -> str:
    """Return the summary of a result, with recommendations if given; both are JSON of the API."""
    lines = [f"-- @{user_name} ".ljust(WIDTH, "-")]
    if result["mood"] is None:
        lines += textwrap.wrap(f"No mood: {result['reason']}", WIDTH)
    else:
        lines += _mood_lines(result)
    for entry in result.get("support", ()):
        line = f"to talk: {entry['name']}: {entry['contact']}, {entry['url']}"
        lines += textwrap.wrap(line, WIDTH, initial_indent="  ", subsequent_indent="    ")
    # Results from before languages were detected have no language_note.
    for note in (result.get("language_note"), result["stale_note"], result.get("model_note")):
        if note:
            lines += textwrap.wrap(f"Note: {note}", WIDTH)
    if recommended:
        lines += recommendation_lines(recommended)
    return "\n".join(lines)


def _mood_lines(result: Mapping[str, Any]) -> list[str]:
    counts = result["posts"]
    lines = [
        result["label"],
        result["confidence_words"],
        f"from {counts['total']} {'post' if counts['total'] == 1 else 'posts'}:"
        f" {counts['own']} own, {counts['shared']} shared, {counts['liked']} liked;"
        f" effective sample {result['effective_sample_size']:.0f}",
        *textwrap.wrap(result["summary"], WIDTH),
        # Results from before these were told have neither.
        *textwrap.wrap(result.get("why") or "", WIDTH),
        *textwrap.wrap((result.get("changed_by") or {}).get("words", ""), WIDTH),
    ]
    by_score = sorted(result["scores"].items(), key=lambda item: -item[1])
    for emotion, score in by_score[:_SHOWN_EMOTIONS]:
        lines.append(f"  {emotion:<9}{score:6.1%}  {'#' * round(score * _BAR)}")
    for title, peak in (("happiest", result["happiest"]), ("saddest", result["saddest"])):
        if peak is not None:
            lines.append(f"  {title:<9}{peak['probability']:4.0%}  {_one_line(peak['text'], 58)}")
    lines.append("  moved the mood most:")
    for post in result["moved_most"][:3]:
        lines.append(f"    {post['contribution']:+.3f}  {_one_line(post['text'], 60)}")
    return lines


def recommendation_lines(recommended: Mapping[str, Any]) -> list[str]:
    """Return one line per kind of recommendation, from the JSON body of the API."""
    rows = (
        ("accounts", "@", recommended["big_accounts"]),
        ("hashtags", "#", recommended["hashtags"]),
        ("friends", "@", recommended["friends"]),
    )
    return [f"  {title:<9}{_names(sign, items)}" for title, sign, items in rows if items]


def _names(sign: str, items: Sequence[Mapping[str, str]]) -> str:
    return "  ".join(sign + item["name"] for item in items)


def _one_line(text: str, width: int) -> str:
    return textwrap.shorten(text, width, placeholder="...")
