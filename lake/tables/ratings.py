"""What judges say of records, and what their scores are."""

import pyarrow as pa

from lake.tables.schema import COUNT, EXIT, FLAG, NUMBER, TEXT, Columns, Table, carried

_RATING = pa.int32()
_RATED: Columns = {
    "judge": (TEXT, "digest of the model or engine that rated"),
    "prompt_version": (TEXT, "the wording it was asked with"),
    "state": (TEXT, "one of lake.tables.reasons.RATING_STATES"),
    "rarity": (_RATING, "1..10, null on error and where the judge has a figure alone"),
    "complexity": (_RATING, "likewise"),
    "informativeness": (_RATING, "likewise"),
    "overall": (_RATING, "1..10, null on error"),
    "figure": (NUMBER, "what `overall` was made of: a perplexity, a ratio of losses, or an expected rating"),
}
_SAID: Columns = {
    "said": (TEXT, "the answer of a judge that writes, as it came"),
    "error": (TEXT, "why there is no rating, or null"),
}

TABLES = (
    Table(
        "silver/ratings",
        "one rating of one record by one judge",
        {
            "id": (TEXT, "the rated record"),
            **_RATED,
            "margin": (
                NUMBER,
                "of a predicted rating: in 9 of 10 cases the judge's own lies within so many points of `figure`",
            ),
            **_SAID,
        },
        id="id",
        mode="grow",
        carried=(carried("silver/unique_instructions", "id"),),
    ),
    Table(
        "silver/second_ratings",
        "one rating of one record by a judge that only stands beside, or by the judge asked again",
        {
            "id": (TEXT, "opn_ and a hash of record, judge and role"),
            "record_id": (TEXT, "the rated record"),
            "name": (TEXT, "what the judge is called: its kind, with a number where there are several of it"),
            "role": (TEXT, "one of lake.tables.reasons.SECOND_ROLES"),
            **_RATED,
            **_SAID,
        },
        id="id",
        mode="grow",
        side_of="silver/ratings",
        carried=(carried("silver/unique_instructions", record_id="id"),),
    ),
    Table(
        "silver/rating_predictors",
        "one regression that predicts a judge's ratings from those of a sample",
        {
            "digest": (TEXT, "over its files"),
            "uri": (TEXT, "its folder"),
            "judge": (TEXT, "whose ratings it predicts"),
            "fitted": (COUNT, "ratings it was fitted on"),
            "heldout": (COUNT, "ratings it was measured on"),
            "explained": (NUMBER, "share of the held-out ratings' squared deviation from a constant that it predicts"),
            "explained_low": (NUMBER, "lower end of its 95 % bootstrap interval"),
            "error": (NUMBER, "mean absolute error, in points of the rating"),
            "advice": (TEXT, "what it explains, and what to do where that is too little, as a sentence"),
        },
        id="digest",
        mode="grow",
        side_of="silver/ratings",
    ),
    Table(
        "silver/quality",
        "one curated score of one record",
        {
            "id": (TEXT, "the record"),
            "score": (NUMBER, "0..5: the mean overall rating clipped to 4..9, minus 4"),
            "curated": (NUMBER, "0..5: the score that counts: `score`, or what its neighbours say instead"),
            "uncertainty": (NUMBER, "standard deviation of `score`, in its units"),
            "neighbour_score": (
                NUMBER,
                "mean score of the nearest records of a sample, null where none was searched for",
            ),
            "judges": (pa.int32(), "how many judges rated it"),
            "high": (FLAG, "whether `curated` counts as high"),
        },
        id="id",
        mode="grow",
        carried=(carried("silver/unique_instructions", "id"),),
    ),
    Table(
        "silver/unrated",
        "one record that no judge could rate",
        EXIT,
        "id",
        mode="grow",
        side_of="silver/quality",
        carried=(carried("silver/unique_instructions", "id", "source"),),
    ),
    Table(
        "silver/score_transitions",
        "one true score of one estimate of how judges confuse scores",
        {
            "id": (TEXT, "est_ and a hash of the score and the estimate"),
            "score": (COUNT, "the true score, 0..5"),
            "share": (NUMBER, "of the records truly of it, 0..1"),
            **{f"rated_{score}": (NUMBER, f"probability that such a record is rated {score}") for score in range(6)},
            "records": (COUNT, "records whose neighbourhoods were counted"),
            "agreement": (NUMBER, "Cohen's kappa of a record's score with those of its two nearest"),
            "used": (FLAG, "whether scores were curated by it"),
            "decision": (TEXT, "why, as a sentence"),
        },
        id="id",
        mode="grow",
        side_of="silver/quality",
    ),
)
