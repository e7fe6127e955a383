"""Every stage, in pipeline order: which tables it reads, which it writes, the function that does the work, the suite that must pass.

Jobs, params, suites and limits are dotted strings, resolved by the harness when a stage runs; a test resolves them all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from lake.tables import TABLES

Engine = Literal["spark", "arrow", "generate", "train"]


@dataclass(frozen=True)
class Balance:
    """The books of a stage: every `key` of `table` (an input) is found in exactly one of `places` (table key, column)."""

    table: str
    key: str
    places: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Stage:
    """One declared step. `engine` says where it runs: `spark` in the run's session, `arrow` in the run's process,
    `generate` and `train` in a process of their own when a model is loaded."""

    key: str
    engine: Engine
    inputs: tuple[str, ...]
    job: str
    params: str
    suite: str
    limits: str = "expectations.limits:Limits"  # of its gate
    sides: tuple[str, ...] = ()
    balance: Balance | None = None
    optional: tuple[str, ...] = ()  # further inputs, read if they exist
    reads_itself: tuple[str, ...] = ()  # its own tables that the job is also given, as last published
    decided_by: tuple[str, ...] = ()  # inputs of which any change makes all rows anew, though the table grows
    records: str | None = None  # the input that other inputs were made from: all are read as of the same version of it
    kinds: tuple[str, ...] = ()
    summary: str = ""

    @property
    def outputs(self) -> tuple[str, ...]:
        """The tables this stage writes, its own last, so that side tables are published first."""
        return (*self.sides, self.key)

    @property
    def grows(self) -> bool:
        """Whether the job can be given new rows alone."""
        return TABLES[self.key].mode not in ("overwrite", "history")


def _beside(table: str) -> tuple[str, ...]:
    """The side tables of a stage that reads files."""
    return (f"{table}_quarantine", f"{table}_pending", f"{table}_withdrawn")


# fmt: off
_ALL = (
    Stage(
        "bronze/instructions", "spark", ("landing/files",),
        job="spark_jobs.ingest.job:instructions", params="spark_jobs.ingest.params:InstructionFiles",
        suite="expectations.suites.bronze:instructions", limits="expectations.limits:Ingested",
        sides=_beside("bronze/instructions"), summary="Reads every registered instruction file, whatever its shape.",
    ),
    Stage(
        "bronze/passages", "spark", ("landing/files",),
        job="spark_jobs.ingest.job:passages", params="spark_jobs.ingest.params:PassageFiles",
        suite="expectations.suites.bronze:passages", limits="expectations.limits:Ingested",
        sides=_beside("bronze/passages"), summary="Reads every registered file of titled passages.",
    ),
    Stage(
        "bronze/references", "spark", ("landing/files",),
        job="spark_jobs.ingest.job:references", params="spark_jobs.ingest.params:ReferenceFiles",
        suite="expectations.suites.bronze:references", limits="expectations.limits:Ingested",
        sides=_beside("bronze/references"), summary="Reads benchmarks and truths: held out, never released.",
    ),
    Stage(
        "silver/instructions", "spark", ("bronze/instructions",),
        job="spark_jobs.clean.job:instructions", params="spark_jobs.clean.job:CleanParams",
        suite="expectations.suites.silver:instructions", limits="expectations.limits:Cleaned",
        sides=("silver/instructions_rejected", "silver/instructions_changed"),
        balance=Balance("bronze/instructions", "id", (("silver/instructions", "raw_id"), ("silver/instructions_rejected", "id"))),
        summary="Repairs text, names the language, rejects what is empty, broken or boilerplate.",
    ),
    Stage(
        "silver/passages", "spark", ("bronze/passages",),
        job="spark_jobs.clean.job:passages", params="spark_jobs.clean.job:PassageParams",
        suite="expectations.suites.silver:passages", limits="expectations.limits:Cleaned",
        sides=("silver/passages_rejected",),
        balance=Balance("bronze/passages", "id", (("silver/passages", "raw_id"), ("silver/passages_rejected", "id"))),
        summary="Cleans passages and drops exact copies.",
    ),
    Stage(
        "silver/unique_instructions", "spark", ("silver/instructions", "bronze/instructions_withdrawn"),
        job="spark_jobs.dedupe.job:unique_instructions", params="spark_jobs.dedupe.job:DedupeParams",
        suite="expectations.suites.duplicates:unique_instructions", limits="expectations.limits:Deduplicated",
        sides=("silver/duplicates", "silver/rejected_pairs", "silver/signatures"),
        balance=Balance("silver/instructions", "id", (("silver/unique_instructions", "id"), ("silver/duplicates", "removed_id"))),
        summary="Removes exact and proven near-duplicates; each removal names the kept record and the measured similarity.",
    ),
    Stage(
        "models/student_embedder", "train", ("silver/unique_instructions",),
        job="trainers.student:student_embedder", params="trainers.student:StudentParams",
        suite="expectations.suites.models:student_embedder", limits="expectations.limits:Student",
        sides=("models/student_sample",), kinds=("sentence-transformers",),
        summary="Trains a static embedder on a sample of the lake's texts to place them as the teacher does, if one is asked for.",
    ),
    Stage(
        # the student is an input so that it exists before and is a reason to run; the job finds it by name, as every stage does
        "silver/embeddings", "spark", ("silver/unique_instructions", "models/student_embedder"), reads_itself=("silver/embeddings",),
        job="spark_jobs.embed.job:embeddings", params="spark_jobs.embed.job:EmbedParams", suite="expectations.suites.silver:embeddings",
        sides=("silver/student_fidelity",),
        kinds=("sentence-transformers",), summary="One unit vector for each distinct text, never computed twice.",
    ),
    Stage(
        "silver/ratings", "generate", ("silver/unique_instructions",),
        job="inference.rate:ratings", params="inference.rate:RateParams",
        suite="expectations.suites.ratings:ratings", limits="expectations.limits:Rated",
        sides=("silver/rating_predictors", "silver/second_ratings"), balance=Balance("silver/unique_instructions", "id", (("silver/ratings", "id"),)),
        summary="A judge rates each record for rarity, complexity, informativeness and overall.",
    ),
    Stage(
        "silver/quality", "spark", ("silver/unique_instructions", "silver/ratings", "silver/embeddings"),
        records="silver/unique_instructions",
        job="spark_jobs.curate.job:curated_scores", params="spark_jobs.curate.job:QualityParams",
        suite="expectations.suites.quality:quality", limits="expectations.limits:Scored",
        sides=("silver/unrated", "silver/score_transitions"),
        balance=Balance("silver/unique_instructions", "id", (("silver/quality", "id"), ("silver/unrated", "id"))),
        summary="One score a record, curated by its neighbours where asked for, its uncertainty, and whether it counts as high.",
    ),
    Stage(
        "silver/groups", "spark",
        ("silver/unique_instructions", "silver/quality", "silver/embeddings", "bronze/references", "bronze/instructions_withdrawn"),
        records="silver/unique_instructions",
        job="spark_jobs.group.job:groups", params="spark_jobs.group.job:GroupParams",
        suite="expectations.suites.silver:groups", limits="expectations.limits:Grouped",
        sides=("silver/singletons",),
        # high-rated records are neither grouped nor singletons: the suite checks that the low ones are one or the other
        summary="Groups similar low-rated records above a similarity floor; names those left alone, benchmark items among them.",
    ),
    Stage(
        "silver/best_records", "spark",
        ("silver/unique_instructions", "silver/quality", "bronze/references", "bronze/instructions_withdrawn"),
        records="silver/unique_instructions",
        job="spark_jobs.best.job:best_records", params="spark_jobs.best.job:BestParams", suite="expectations.suites.mixture:best_records",
        summary="Keeps a snapshot of the best records for MIXTURE, and takes new ones in when there are enough.",
    ),
    Stage(
        "gold/mixture", "generate", ("silver/passages", "silver/best_records"),
        job="inference.mixture:mixture", params="inference.mixture_params:MixtureParams",
        suite="expectations.suites.mixture:mixture", limits="expectations.limits:Mixed",
        sides=("gold/mixture_unused",),
        summary="Builds MIXTURE: high-quality targets from passages and the best records, each with two to twenty degraded variants.",
    ),
    Stage(
        "models/distiller_sft", "train", ("gold/mixture",),
        job="trainers.sft:distiller", params="trainers.sft:SftParams",
        suite="expectations.suites.models:distiller_sft", limits="expectations.limits:Trained",
        kinds=("trl",), summary="Supervised fine-tuning of the distiller on MIXTURE's sft split.",
    ),
    Stage(
        "models/distiller_grpo", "train", ("gold/mixture", "models/distiller_sft"),
        job="trainers.grpo:distiller", params="trainers.grpo:GrpoParams",
        suite="expectations.suites.models:distiller_grpo", limits="expectations.limits:Reinforced",
        kinds=("trl",), summary="GRPO with audited rewards, from the fine-tuned checkpoint.",
    ),
    Stage(
        "gold/heldout_answers", "generate", ("gold/mixture", "models/distiller_grpo"),
        job="inference.heldout:answers", params="inference.heldout:HeldoutParams",
        suite="expectations.suites.gold:heldout_answers", limits="expectations.limits:Answered",
        kinds=("vllm",), summary="The distiller in service and its challenger answer every held-out MIXTURE item.",
    ),
    Stage(
        "models/champion", "arrow", ("gold/heldout_answers", "gold/mixture"), optional=("landing/service_orders",), reads_itself=("models/champion",),
        job="trainers.champion:champion", params="trainers.champion:ChampionParams", suite="expectations.suites.models:champion",
        sides=("models/in_service",),
        summary="Decides which distiller serves: a challenger only if it beats the one in service, by an interval that allows for every try before.",
    ),
    Stage(
        "gold/distilled", "generate", ("silver/groups", "silver/unique_instructions", "models/in_service"),
        job="inference.distil:distilled", params="inference.distil:DistilParams",
        suite="expectations.suites.distilled:distilled", limits="expectations.limits:Distilled",
        sides=("gold/distilled_refused",), decided_by=("models/in_service",),
        balance=Balance("silver/groups", "group_id", (("gold/distilled", "group_id"), ("gold/distilled_refused", "group_id"))),
        summary="The champion fuses each group into one item; what is unfaithful, thin or copied is rejected with its reason.",
    ),
    Stage(
        "gold/training_set", "spark",
        (
            "silver/unique_instructions", "silver/quality", "silver/embeddings", "silver/groups", "gold/distilled", "bronze/references",
            "silver/duplicates", "bronze/instructions_withdrawn",
        ),
        job="spark_jobs.select.job:training_set", params="spark_jobs.select.params:SelectParams",
        suite="expectations.suites.training_set:training_set", limits="expectations.limits:Selected",
        sides=("gold/training_set_exits", "gold/training_set_overlaps", "gold/training_set_vectors"), reads_itself=("gold/training_set_vectors",),
        summary="Mixes distilled items and originals within the budget: what covers most at the best quality, quotas held.",
    ),
    Stage(
        "reports/evaluation", "train",
        (
            "gold/training_set", "silver/unique_instructions", "silver/quality", "silver/embeddings", "silver/groups", "gold/distilled",
            "gold/distilled_refused", "gold/mixture", "bronze/references",
        ),
        job="trainers.downstream:evaluation", params="trainers.evaluation_params:EvaluationParams",
        suite="expectations.suites.reports:evaluation", limits="expectations.limits:Evaluated",
        sides=("reports/evaluation_items", "reports/evaluation_comparisons"),
        kinds=("trl",), summary="Trains one model on the released set and on other sets, as many tokens each, and compares what they can do then.",
    ),
    Stage(
        "releases/current", "arrow", ("gold/training_set", "reports/evaluation", "reports/evaluation_comparisons"),
        job="reports.release:release", params="reports.release:ReleaseParams", suite="expectations.suites.reports:release",
        summary="Parquet, card and manifest with checksums.",
    ),
    Stage(
        "upkeep/removals", "arrow", ("releases/current",),
        job="lake.upkeep.removals:removals", params="lake.upkeep.removals:UpkeepParams", suite="expectations.suites.reports:removals",
        summary="Removes what dead runs left behind, and, where a retention is set, files of old versions that no release and no stage needs.",
    ),
)
# fmt: on

STAGES: Mapping[str, Stage] = MappingProxyType({stage.key: stage for stage in _ALL})


def producer(table: str) -> Stage | None:
    """The stage that writes `table`, or None for a landing or cache table."""
    owner = TABLES[table].side_of or table
    return STAGES.get(owner)
