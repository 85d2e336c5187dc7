"""Fit the constants of mood to people's own ratings: `python -m export.coefficients`."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from api.domain.mood.scoring import ScoringConfig
from api.domain.posts import ClassifiedPost
from export.coefficients.findings import Findings, compared_on, findings
from export.coefficients.fitting import UNFITTED
from export.coefficients.ironic_posts import classified_sarcasm, irony_rows
from export.coefficients.product_feedback import feedback_windows, open_feedback
from export.coefficients.rated_windows import Person, RatedWindows, windows_of
from export.coefficients.report import render, write_plot
from export.coefficients.self_rated import RatedText, classified, read_self_rated
from export.command_line import command_parser, run_command
from export.data import data_folder
from export.errors import writing
from export.packaging.model_folder import SHIPPED


def self_rated_windows(
    texts: Sequence[RatedText],
    posts: Sequence[ClassifiedPost],
    keep: Callable[[RatedText], bool] = lambda _: True,
) -> RatedWindows:
    """Return the windows of the texts to keep; each text is an occasion."""
    people: dict[str, list[tuple[RatedText, ClassifiedPost]]] = {}
    for text, post in zip(texts, posts, strict=True):
        if keep(text):
            people.setdefault(text.person, []).append((text, post))
    return windows_of(
        [
            Person(
                [post for _, post in own],
                [(text.written_at, text.valence, text.arousal) for text, _ in own],
            )
            for own in people.values()
        ],
        rated_posts=True,
        before_fit=UNFITTED,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit the constants that people's own ratings can decide, and report; return the exit status.

    Prints the report, or writes it with a plot. A constant moves only if that is better, beyond
    noise, for people that it was not fitted on.
    """
    parser = command_parser("coefficients", main.__doc__)
    parser.add_argument("--model", type=Path, default=SHIPPED, help="model folder that reads them")
    parser.add_argument("--data", type=Path, help="data folder with the self-rated texts")
    parser.add_argument(
        "--store", metavar="URL", help="fit to the feedback of users in this store instead"
    )
    parser.add_argument("--run", type=Path, default=Path(".runs") / "coefficients")
    parser.add_argument(
        "--report", type=Path, metavar="FILE.md", help="write it, and a plot (.svg)"
    )
    parser.add_argument("--scoring", type=Path, metavar="FILE.json", help="write the constants")
    return run_command(_fit, parser, arguments)


def _fit(options: argparse.Namespace) -> None:
    found = _of_feedback(options.store) if options.store else _of_self_rated(options)
    if options.report is None:
        print(render(found, None))
    else:
        plot = options.report.with_suffix(".svg")
        write_plot(found, plot)
        with writing(options.report):
            options.report.write_text(render(found, plot.name), encoding="utf-8")
    if options.scoring is not None:
        write_scoring(found.recommended, options.scoring)


def _of_feedback(url: str) -> Findings:
    with closing(open_feedback(url)) as store:
        windows = feedback_windows(store)
    source = "moods that users named for their own analyses"
    return findings(windows, source, "as stored with the posts", name="feedback")


def _of_self_rated(options: argparse.Namespace) -> Findings:
    texts = read_self_rated(data_folder(options.data))
    posts, model = classified(texts, options.model, options.run)
    subsets = []
    for name, keep in (
        ("essays", lambda one: not one.words),
        ("feeling words", lambda one: one.words),
    ):
        part = self_rated_windows(texts, posts, keep)
        subsets.append((name, len(part.person), compared_on(part)))
    return findings(
        self_rated_windows(texts, posts),
        "SemEval-2026 Task 2, train people, each text with its writer's valence and arousal",
        model,
        subsets,
        irony_rows(*classified_sarcasm(options.model), UNFITTED),
    )


def write_scoring(config: ScoringConfig, path: Path) -> None:
    """Write constants as the JSON that the setting SCORING names; StorageError when it fails."""
    with writing(path):
        path.write_text(json.dumps(config.to_dict(), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
