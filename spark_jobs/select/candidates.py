"""What may become an example: originals and distilled items in one form and on one scale, and why one may not be released.

The scale is that of the lake's judge, 0..5 (silver/quality). An original has its score. Nobody rated a distilled item but, where the
rules distil, by the rubric that they write for; so it gets what is known without that: a score s of a member is read as the share s / 5
of a complete text that the member holds, and an item that keeps the share k of members which hold independent parts then holds

    1 - (1 - k s1/5) (1 - k s2/5) ...

k is the item's coverage times the share of it that members support. An item that keeps all of a single member has that member's score,
and one that invents has less. Members that say the same are counted as if they did not: what the estimate is off by is in docs/selection.md.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lake.harness.job import SparkInputs
from lake.tables import TABLES
from lake.tables.reasons import DUPLICATE_RULES
from spark_jobs.columnar.contamination import contaminated, evidence
from spark_jobs.columnar.withdrawn import withdrawn_records
from spark_jobs.select.params import SelectParams
from spark_jobs.select.written import with_tests

EXAMPLE = TABLES["gold/training_set"].schema.names
# An example's id and its split are made once it is chosen; `personal` says what personal data it holds, `written_in` the language that
# it is really in.
CANDIDATE = [*(name for name in EXAMPLE if name not in ("id", "split")), "personal", "written_in"]
_BEST = 5.0


def original_candidates(inputs: SparkInputs) -> DataFrame:
    """Every rated record that no accepted distilled item carries, as CANDIDATE."""
    consumed = inputs["gold/distilled"].select(F.explode("member_ids").alias("id"))
    scores = inputs["silver/quality"].select("id", F.col("curated").alias("score"))
    records = inputs["silver/unique_instructions"].join(scores, "id")
    columns = {
        "origin": F.lit("original"),
        "origin_id": F.col("id"),
        "member_ids": F.array("id"),
        "sources": F.array("source"),
        "licences": F.array("licence"),
        "personal": F.coalesce("personal", F.array().cast("array<string>")),
        "written_in": F.col("language"),
    }
    return records.join(consumed, "id", "left_anti").withColumns(columns).select(*CANDIDATE)


def distilled_candidates(inputs: SparkInputs, language_confidence: float) -> DataFrame:
    """Every accepted distilled item, as CANDIDATE: its prompt and answer are its two turns."""
    turns = [
        F.struct(F.lit(role).alias("role"), F.col(side).alias("content"))
        for role, side in (("user", "prompt"), ("assistant", "answer"))
    ]
    columns = {"origin": F.lit("distilled"), "origin_id": F.col("id"), "messages": F.array(*turns)}
    tested = with_tests(inputs["gold/distilled"], language_confidence)
    scored = tested.join(distilled_scores(inputs["gold/distilled"], inputs["silver/quality"]), "id")
    return scored.withColumns(columns).select(*CANDIDATE)


def distilled_scores(items: DataFrame, quality: DataFrame) -> DataFrame:
    """id and score, 0..5, of each item: see the module. A member without a score adds nothing."""
    kept = (F.col("coverage") * F.col("faithful")).alias("kept")
    members = items.select("id", kept, F.explode("member_ids").alias("member"))
    scores = quality.select(F.col("id").alias("member"), F.col("curated").alias("score"))
    # as a sorted list: a product has the same last digit only if its factors come in the same order
    held = F.sort_array(F.collect_list(F.col("kept") * F.col("score") / _BEST))
    missing = F.aggregate(held, F.lit(1.0), lambda product, share: product * (1 - share))
    found = members.join(scores, "member", "left").groupBy("id")
    return found.agg(F.round(_BEST * (1 - missing), 6).alias("score"))


def holding_withdrawn(candidates: DataFrame, inputs: SparkInputs) -> DataFrame:
    """origin_id and gone: of each candidate that carries records whose files no longer have them, how many.

    A record that only moved is not gone: another file of its source has its exact copy, which went for it.
    """
    withdrawn = withdrawn_records(inputs["bronze/instructions_withdrawn"])
    copies = inputs["silver/duplicates"].where(F.col("rule") == DUPLICATE_RULES[0])
    copies = copies.withColumnRenamed("removed_id", "id").join(withdrawn, "id", "left_anti")
    moved = copies.select(F.col("kept_id").alias("id"), F.col("source").alias("copied_in"))
    records = inputs["silver/unique_instructions"].select("id", "source").join(withdrawn, "id", "left_semi")
    same = (records["id"] == moved["id"]) & (records["source"] == moved["copied_in"])
    gone = records.join(moved, same, "left_anti").select(F.col("id").alias("member"))
    carried = candidates.select("origin_id", F.explode("member_ids").alias("member"))
    return carried.join(gone, "member", "left_semi").groupBy("origin_id").agg(F.count("*").alias("gone"))


def with_block_reason(candidates: DataFrame, inputs: SparkInputs, params: SelectParams) -> DataFrame:
    """The candidates with `reason` and `detail`: why one may not be released, or null. Safety comes before quality."""
    gone, benchmark = holding_withdrawn(candidates, inputs), inputs["bronze/references"].where("role = 'benchmark'")
    texts = candidates.select(
        F.col("origin_id").alias("id"), "prompt", F.concat_ws("\n", "prompt", "answer").alias("text")
    )
    leaks = contaminated(texts, benchmark, params.contamination_coverage).withColumnRenamed("id", "origin_id")
    no_licence = (F.size("licences") == 0) | F.exists("licences", lambda licence: licence.isNull())
    rules: tuple[tuple[str, Column, Column], ...] = (
        (
            "withdrawn",
            F.col("gone").isNotNull(),
            F.format_string("%d of %d records are no longer in their files", F.col("gone"), F.size("member_ids")),
        ),
        ("personal_data", F.size("personal") > 0, F.array_join("personal", ", ")),
        (
            "other_language",
            F.col("written_in") != F.col("language"),
            F.format_string("in %s, its members in %s", "written_in", "language"),
        ),
        ("unknown_licence", no_licence, F.lit("no licence is known for it")),
        ("contamination", F.col("benchmark_id").isNotNull(), evidence()),
        (
            "quality_floor",
            (F.col("origin") == "original") & (F.col("score") < params.quality_floor),
            F.format_string("score %.2f is below %.2f", F.col("score"), F.lit(params.quality_floor)),
        ),
    )
    reason = F.coalesce(*(F.when(broken, name) for name, broken, _ in rules))
    detail = F.coalesce(*(F.when(broken, text) for _, broken, text in rules))
    checked = candidates.join(leaks, "origin_id", "left").join(gone, "origin_id", "left")
    return checked.select(*CANDIDATE, reason.alias("reason"), detail.alias("detail"))
