"""The report on fitted constants: tables as Markdown, and a plot."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from api.domain.mood.scoring import DEFAULT, ScoringConfig
from export.coefficients.agreement import FOLDS, RESAMPLES
from export.coefficients.decision import Borders, Compared, Interval
from export.coefficients.evidence import least_feeling_posts
from export.coefficients.findings import Findings
from export.coefficients.rated_windows import MIDDLE_AROUSAL, MOODS, Reals
from export.coefficients.sampled_moods import SIZES, calibration_error
from export.errors import writing

_INCHES = (7.2, 3.6)
_LEAST_SHOWN = 10
_BINS = 10


def render(found: Findings, plot: str | None) -> str:
    """Return the report as Markdown; plot is the name of its picture, if there is one."""
    before, fitted = found.weights[0], _named(found.weights, "fitted, cross-validated")
    borders = found.borders
    calibrated = found.confidence[0]
    blocks = [
        "# Coefficients of the mood, fitted to people's own ratings",
        f"Ratings: {found.source}: {found.people} people, {found.occasions:,} occasions. Model: "
        f"{found.model}. Made by `python -m export.coefficients`. Every figure of a fit is of "
        f"people that it was not fitted on ({FOLDS} folds of people); intervals are 95 % of "
        f"{RESAMPLES:,} resamples of the people. A constant moves only if that interval of the "
        "difference lies on the better side of 0. " + _compared_with(found),
        _table(
            ("figure", "before", "fitted", "kept"),
            [
                (
                    "composite correlation with own valence",
                    f"{before.figure:.3f}",
                    f"{fitted.figure:.3f}",
                    _kept_weights(found),
                ),
                (
                    "heavy/light as the person's own mean rating, per person",
                    f"{borders.of_people[0].figure:.3f}",
                    f"{_of_winner(borders, borders.of_people).figure:.3f}",
                    _kept_borders(found),
                ),
                (
                    "four moods against own quadrants, macro-F1",
                    f"{borders.four[0].figure:.3f}",
                    f"{_of_winner(borders, borders.four).figure:.3f}",
                    _kept_borders(found),
                ),
                (
                    "calibration error of confidence (ECE)",
                    f"{calibrated.before:.3f}",
                    f"{calibrated.calibrated:.3f}",
                    "calibrated",
                ),
            ],
        ),
        "Recommended constants: " + _changes(found.recommended, found.before_fit) + ".",
        *(
            [f"![Composite correlations, and confidence against the share right]({plot})"]
            if plot
            else []
        ),
        "## Valence weights and irony",
        "Composite correlation as in SemEval-2026 Task 2: tanh((artanh(between) + artanh(within)) "
        "/ 2), between = Pearson's r of people's means, within = mean over people of Pearson's r "
        f"among their own ratings. {found.undefined} people whose ratings or scores never differ "
        "have no r within and count between people only; a person with two texts has an r of 1 or "
        "-1 and counts like any other, as in the task.",
        _compared_table(found.weights, ("composite", "between", "within")),
        "Only the two cross-validated rows can win: the best of many candidates looks better than "
        "it is, so that choosing among them is judged as a fit is. Bold is above 0 by itself.",
        "The fit of all people gives "
        + _changes(found.fitted, found.before_fit)
        + " (not used unless it "
        "wins above).",
        *_subsets(found),
        *_irony(found),
        "## Half-life",
        "Mean squared error of a rating predicted from the person's posts, by a line fitted on "
        "other people; each person counts once. Posts strictly before the rating decide. With the "
        "post of the moment included the shortest half-life is always the best, as that post is "
        "about the very moment: no evidence on how long a feeling lasts.",
        _table(
            (
                "half-life in days",
                "error, earlier posts",
                "difference",
                "error, moment included",
            ),
            [
                (
                    f"{one.days:g}",
                    f"{one.error:.3f}",
                    _between(one.difference_interval, 3),
                    f"{one.of_now:.3f}",
                )
                for one in found.half_lives
            ],
        ),
        f"Fitted, cross-validated: {found.half_life.figure:.3f}, gain "
        f"{found.half_life.difference:+.4f} ({_between(found.half_life.difference_interval, 4)}).",
        "## Borders between the moods",
        "Own moods are quadrants of the own ratings over the same window, weighted by recency as "
        "the posts are: heavy below a valence of 0; Stressed and Cheerful from an arousal of "
        f"{MIDDLE_AROUSAL:g} (the middle of the scale) on. Shares of own moods: "
        + ", ".join(
            f"{mood} {share:.0%}" for mood, share in zip(MOODS, borders.shares, strict=True)
        )
        + ". Every person counts once over all their windows.",
        "All three borders move if they win in the four moods or in the two sides and lose in "
        "neither. Else heavy_factor stays, and the two others, which leave the sides as they are, "
        "move if they win in the four moods.",
        "Four moods, macro-F1:",
        _compared_table(borders.four, ("macro-F1",)),
        f"With the border of arousal at the people's median, {found.borders_at_median[0]:.2f}:",
        _compared_table(found.borders_at_median[1].four, ("macro-F1",)),
        "Heavy or light, over all windows:",
        _compared_table(borders.sides, ("agreement",)),
        "Heavy or light, the last window of each person against the plain mean of all their "
        "ratings:",
        _compared_table(borders.of_people, ("agreement",)),
        "## Evidence",
        f'Samples of {", ".join(map(str, SIZES))} posts of each person who has so many. "Gain" is '
        'over saying "not heavy" of everybody, against the ratings of the whole person.',
        _table(
            ("posts with a feeling", "samples", "right, own window", "right, whole person", "gain"),
            [
                (
                    f"{one.least}" if one.least == one.most else f"{one.least} to {one.most}",
                    f"{one.samples:,}",
                    f"{one.of_window:.3f}",
                    f"{one.of_person:.3f}",
                    f"{one.gain:+.3f} ({_between(one.gain_interval, 3)})",
                )
                for one in found.evidence
            ],
        ),
        _floor(found),
        "## Confidence",
        'A mood is right if its side is that of the person\'s own mean rating. "Before" is the '
        "share of resamples of all posts on the same side, without calibration. The four moods "
        "are shown to say that confidence is not about them: arousal is hardly in the text. The "
        "calibration is cross-validated; the borders and the floor under it are those kept above.",
        _table(
            ("judged", "before", "calibrated", "interval"),
            [
                (one.name, f"{one.before:.3f}", f"{one.calibrated:.3f}", _between(one.interval, 3))
                for one in found.confidence
            ],
        ),
        _sizes_table(found),
        "## Not decided here",
        "Weights of ownership and engagement (nobody rated posts that others wrote, and the texts "
        "have no likes), language, the error with which confidence reads posts "
        f"({found.recommended.confidence_reading_error:g}), and the classic preset stay as they "
        "are.",
    ]
    return "\n\n".join(blocks) + "\n"


def write_plot(found: Findings, path: Path) -> None:
    """Write the composite correlations and the reliability of confidence as SVG.

    Raises StorageError when it cannot be written.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    style = mpl.rc_context(
        {
            "svg.hashsalt": "moodline",  # otherwise ids of the picture are random
            "svg.fonttype": "none",
            "font.size": 8,
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )
    with style:
        figure = Figure(figsize=_INCHES, layout="constrained")
        left, right = figure.subplots(1, 2)
        names = [one.name for one in found.weights]
        places = np.arange(len(names))[::-1]
        left.errorbar(
            [one.difference for one in found.weights],
            places,
            xerr=np.array(
                [
                    (
                        one.difference - one.difference_interval[0],
                        one.difference_interval[1] - one.difference,
                    )
                    for one in found.weights
                ]
            ).T.clip(0),
            fmt="o",
            markersize=3,
            linewidth=0.8,
            color="#0072b2",
        )
        left.axvline(0, color="grey", linewidth=0.8, linestyle="--")
        left.set_yticks(places, names)
        left.set(title="composite correlation, difference")
        right.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle="--")
        for name, confidence, colour in (
            ("before", found.samples.agreement_of_all, "#d55e00"),
            ("calibrated", found.calibrated, "#0072b2"),
        ):
            right.plot(
                *_reliability(
                    confidence[found.given],
                    found.samples.right[found.given],
                    found.samples.weight[found.given],
                ),
                marker="o",
                markersize=3,
                linewidth=0.8,
                color=colour,
                label=name,
            )
        right.set(
            xlabel="confidence",
            ylabel="share right",
            xlim=(0, 1),
            ylim=(0, 1),
            title="heavy or light as rated",
        )
        right.legend(frameon=False)
        with writing(path):
            figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def _reliability(confidence: Reals, right: Reals, weight: Reals) -> tuple[list[float], list[float]]:
    """Return mean confidence and share right of each bin with at least 10 samples."""
    bins = np.clip((confidence * _BINS).astype(int), 0, _BINS - 1)
    across, up = [], []
    for one in range(_BINS):
        inside = bins == one
        if inside.sum() >= _LEAST_SHOWN:
            across.append(float(np.average(confidence[inside], weights=weight[inside])))
            up.append(float(np.average(right[inside], weights=weight[inside])))
    return across, up


def _subsets(found: Findings) -> list[str]:
    if not found.subsets:
        return []
    rows = []
    for name, texts, compared in found.subsets:
        for one in compared:
            rows.append(
                (
                    name,
                    f"{texts:,}",
                    one.name,
                    f"{one.figure:.3f}",
                    f"{one.difference:+.3f} ({_between(one.difference_interval, 3)})",
                )
            )
    return [
        "By kind of text (a list of feeling words, or an essay):",
        _table(("texts", "number", "weights", "composite", "difference"), rows),
    ]


def _irony(found: Findings) -> list[str]:
    if not found.irony:
        return []
    return [
        "Irony on single posts: the sarcastic posts of the behavioural list, which should lean "
        "heavy, and their sincere counterparts in similar words, which should lean light. 32 posts "
        "are few: the share moves only with a fit of people's own ratings that wins above.",
        _table(
            ("irony share", "posts", "positivity", "negativity", "lean the right way"),
            [
                (
                    f"{one.share:g}",
                    "sarcastic" if one.sarcastic else "sincere",
                    f"{one.positivity:.3f}",
                    f"{one.negativity:.3f}",
                    f"{one.right} of {one.posts}",
                )
                for one in found.irony
            ],
        ),
    ]


def _sizes_table(found: Findings) -> str:
    samples = found.samples
    rows = []
    for size in SIZES:
        inside = found.given & (samples.size == size)
        if inside.any():
            weight = samples.weight[inside]
            error = calibration_error(found.calibrated[inside], samples.right[inside], weight)
            rows.append(
                (
                    f"{size}",
                    f"{len(np.unique(samples.person[inside]))}",
                    f"{np.average(samples.right[inside], weights=weight):.3f}",
                    f"{np.average(samples.agreement_of_all[inside], weights=weight):.3f}",
                    f"{np.average(found.calibrated[inside], weights=weight):.3f}",
                    f"{error:.3f}",
                )
            )
    return _table(
        (
            "posts drawn",
            "people",
            "share right",
            "mean confidence before",
            "calibrated",
            "ECE, calibrated",
        ),
        rows,
    )


def _compared_table(rows: Sequence[Compared], heads: tuple[str, ...]) -> str:
    return _table(
        ("", heads[0], "interval", "difference", *heads[1:]),
        [
            (
                f"**{one.name}**" if one.wins else one.name,
                f"{one.figure:.3f}",
                _between(one.interval, 3),
                ""
                if index == 0
                else f"{one.difference:+.3f} ({_between(one.difference_interval, 4)})",
                *(f"{value:.3f}" for value in one.detail),
            )
            for index, one in enumerate(rows)
        ],
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _compared_with(found: Findings) -> str:
    if found.before_fit.name == DEFAULT.name:
        return '"Before" are the constants of the "default" scoring.'
    return (
        '"Before" is the rule of the original project (the "classic" scoring) for the posts as the '
        '"default" scoring weighs them, so that a fit starts from the same wherever the default is.'
    )


def _named(rows: Sequence[Compared], name: str) -> Compared:
    return next(one for one in rows if one.name == name)


def _of_winner(borders: Borders, rows: Sequence[Compared]) -> Compared:
    """Return the row of the borders that win; of all three where none does."""
    return next((one for one in rows if one.name == borders.winner), rows[-1])


def _floor(found: Findings) -> str:
    floor = found.recommended.least_feeling_posts
    said = f"Floor: {floor} posts with a feeling."
    if floor < least_feeling_posts(found.evidence):
        said += " No number of posts tells more than a guess here, so that the floor stays."
    return said


def _kept_weights(found: Findings) -> str:
    names = ("irony_share", *(name for name in DEFAULT.to_dict() if name.endswith("_valence")))
    return _kept(found, names)


def _kept_borders(found: Findings) -> str:
    return _kept(found, ("heavy_factor", "cheerful_factor", "anger_factor"))


def _kept(found: Findings, names: Sequence[str]) -> str:
    moved = any(
        getattr(found.recommended, name) != getattr(found.before_fit, name) for name in names
    )
    return "fitted" if moved else "as before"


def _changes(config: ScoringConfig, base: ScoringConfig) -> str:
    """Return the constants that differ, as text."""
    before, after = base.to_dict(), config.to_dict()
    changed = [
        f"{name} {after[name]:g} (was {before[name]:g})"
        for name in after
        if name != "name" and after[name] != before[name]
    ]
    return ", ".join(changed) or "those before"


def _between(interval: Interval, digits: int) -> str:
    low, high = interval
    return f"{low:.{digits}f} to {high:.{digits}f}"
