"""The closed lists of reasons and rules that rows name, once for the jobs that write them and the suites that check them.

Lists of cleaning are in the order in which the rules are tried, since the first that holds is the reason; so is NOT_NEAR. Deduplication
takes its rules by their place.
"""

# bronze/*_quarantine
UNREADABLE = (
    "malformed_json", "malformed_csv", "malformed_yaml", "malformed_xml", "malformed_parquet", "malformed_arrow", "invalid_utf8",
    "unknown_shape", "unknown_role", "broken_thread", "unreadable_file", "bad_answer", "not_for_training", "other_media",
    "ambiguous_option", "no_header",
)  # fmt: skip

# bronze/*_pending: the file could not be had; it is not the one registered; or it was read and is held until the user says what holds
RETRIED = ("unreachable", "changed")
HELD = ("fewer_rows", "few_rows_for_its_bytes", "two_readings")
PENDING = (*RETRIED, *HELD)

# silver/instructions_rejected
RECORD_REJECTED = (
    "empty_prompt", "empty_answer", "boilerplate_refusal", "truncated", "placeholder", "repetition", "too_short", "too_long",
    "unsupported_language",
)  # fmt: skip

# silver/instructions_changed, column `kinds`
CHANGES = ("markup", "encoding", "white_space", "personal_data")

# silver/passages_rejected; the last is a copy, whose outcome is `duplicate`
PASSAGE_REJECTED = ("empty", "too_short", "too_long", "unsupported_language", "exact_passage")

# silver/duplicates, column `rule`
DUPLICATE_RULES = ("exact_record", "near")

# silver/rejected_pairs: the first test that failed, in the order in which they are made
NOT_NEAR = ("signs_or_short_side", "opposites", "whole_record", "prompt", "answer")

# silver/ratings, column `state`: the judge gave a rating, or it was predicted; an answer without one, or nothing; nothing to rate
RATED = ("rated", "predicted")
FAILED = ("unparsable", "failed")
RATING_STATES = (*RATED, *FAILED, "skipped")

# silver/second_ratings, column `role`: of a judge beside the one that decides, or of that one asked again
SECOND_ROLES = ("beside", "repeat")

# silver/unrated: the codes that the errors of silver/ratings begin with
UNRATED = ("judge_failed", "unparsable_rating", "nothing_to_rate")

# silver/singletons: compared with other records in vain, and so still of use to later ones; all, with those never compared
COMPARED_ALONE = ("no_neighbour", "neighbours_grouped", "contradictory", "other_subject", "mixed_only")
ALONE = (
    *COMPARED_ALONE,
    "withdrawn",
    "personal_data",
    "unknown_licence",
    "no_derivatives",
    "no_vector",
    "contamination",
)

# gold/mixture_unused
MIXTURE_UNUSED = (
    "over_limit", "boilerplate", "thin", "not_buildable", "below_target_quality", "too_long", "no_variants", "not_derivable", "near_heldout",
    "near_another",
)  # fmt: skip

# gold/distilled_refused
DISTILLED_REJECTED = (
    "malformed", "truncated", "unfaithful", "unanswered", "thin", "copied", "repetition", "no_gain", "too_long", "engine_error",
)  # fmt: skip

# gold/training_set_exits; the last ones might have been released
NOT_SELECTED = ("source_quota", "licence_quota", "over_budget")
NOT_RELEASED = (
    "withdrawn", "personal_data", "other_language", "unknown_licence", "contamination", "quality_floor", *NOT_SELECTED,
)  # fmt: skip

# upkeep/removals: no commit names it, a run that died or was rejected left it; of a version that nothing needs and nobody keeps any more
REMOVALS = ("left_behind", "expired")
