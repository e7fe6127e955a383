"""The vocabulary that suites are written in: expectations as plain declarations, of which `gate` makes Great Expectations' own.

Every rule rejects the stage when it fails, unless `warning` is set. Nulls pass every rule but `filled` and `sized`. What makes a table
unsafe to read, or may never be released, is `vital`: nobody can accept rows that break it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from lake.storage.report import Severity

if TYPE_CHECKING:
    import pyarrow.dataset as ds

    from expectations.frames import Rows

UNIQUE = "expect_column_values_to_be_unique"
FILLED = "expect_column_values_to_not_be_null"
BETWEEN = "expect_column_values_to_be_between"
LISTED = "expect_column_values_to_be_in_set"
MATCHING = "expect_column_values_to_match_regex"
EQUAL = "expect_column_pair_values_to_be_equal"
VOLUME = "expect_table_row_count_to_be_between"
QUANTILES = "expect_column_quantile_values_to_be_between"
DIVERGENCE = "expect_column_kl_divergence_to_be_less_than"
# ours, of figures that a suite measured over whole tables: expectations.measured
NO_ROWS = "expect_no_such_rows"
LEADS_SOMEWHERE = "expect_foreign_keys_to_lead_to_rows"
FIGURE = "expect_figure_to_be_between"

FIGURES = "figures"  # the batch that has no rows
SINCE_LAST = ("volume", "distribution")  # those that compare the stage's own table with its last published version

Figure = Callable[[], float | None]  # None: there is nothing to measure this time


@dataclass(frozen=True)
class Rule:
    """One expectation.

    name: tells it among the rules of its batch. type, arguments: Great Expectations' name of it, and what it is configured with.
    sentence: what must hold, for people. figure: measures what the rule is about, where that is no column.
    """

    name: str
    type: str
    arguments: Mapping[str, Any]
    sentence: str
    severity: Severity = "critical"
    vital: bool = False
    figure: Figure | None = None

    @property
    def columns(self) -> list[str]:
        """The columns that it is about."""
        return [str(self.arguments[name]) for name in ("column", "column_A", "column_B") if name in self.arguments]


@dataclass(frozen=True)
class Batch:
    """Some rows, or none, and what is expected of them, or of figures. `key` is the column that names a failing row in the examples.

    whole: whether the rules are about columns as a whole, which are given to Great Expectations as such. idle: why none of the rules is
    looked at this time; "" where all are.
    """

    name: str
    rows: Rows | None
    rules: Sequence[Rule]
    key: str | None = None
    whole: bool = False
    idle: str = ""


def check_name(stage: str, batch: Batch, rule: Rule) -> str:
    """What names a rule's check among those of its stage: letters, digits and underscores, as Dagster wants names to be."""
    place = "" if batch.name in (stage, FIGURES, *SINCE_LAST) else f"{batch.name.rpartition('/')[2]}_"
    return re.sub(r"\W", "_", place + rule.name)


def _severity(warning: bool) -> Severity:
    return "warning" if warning else "critical"


def unique(column: str) -> Rule:
    """No value occurs twice."""
    return Rule(f"{column}_unique", UNIQUE, {"column": column}, f"No two rows have the same {column}.", vital=True)


def filled(column: str, warning: bool = False) -> Rule:
    """No null, and no NaN."""
    sentence = f"Every row has a value of {column}."
    return Rule(f"{column}_filled", FILLED, {"column": column}, sentence, _severity(warning))


def sized(column: str, least: int = 1, most: int | None = None) -> list[Rule]:
    """Not null, and of a length that is allowed: characters from the first that is not blank on, bytes, or elements of a list.

    The rules are about `<column>_length`, which the scan computes.
    """
    length = f"{column}_length"
    is_there = replace(filled(length), sentence=f"Every row has a value of {column}.")
    return [
        is_there,
        between(length, least, most, says=f"The length of every value of {column} is {span(least, most)}."),
    ]


def between(column: str, least: float | None, most: float | None, warning: bool = False, says: str = "") -> Rule:
    """Every value from `least` to `most`, both allowed. says: the sentence, where the column's name does not tell it."""
    given = {"column": column, "min_value": least, "max_value": most}
    sentence = says or f"Every value of {column} is {span(least, most)}."
    return Rule(f"{column}_between", BETWEEN, given, sentence, _severity(warning))


def one_of(column: str, allowed: Sequence[Any], says: str = "") -> Rule:
    """Every value is one of `allowed`."""
    sentence = says or f"Every value of {column} is one of: {', '.join(map(str, allowed))}."
    return Rule(f"{column}_listed", LISTED, {"column": column, "value_set": list(allowed)}, sentence)


def told(column: str, says: str) -> Rule:
    """A warning for every row there is: what it says in this column."""
    return Rule(f"{column}_told", LISTED, {"column": column, "value_set": []}, says, "warning")


def matches(column: str, pattern: str) -> Rule:
    """Every value matches `pattern`."""
    return Rule(
        f"{column}_matching",
        MATCHING,
        {"column": column, "regex": pattern},
        f"Every value of {column} matches {pattern}.",
    )


def equal(first: str, second: str, says: str) -> Rule:
    """Two columns agree in every row."""
    return Rule(f"{first}_equals_{second}", EQUAL, {"column_A": first, "column_B": second}, says)


def identified(column: str, kind: str) -> list[Rule]:
    """Ids of one kind, each once."""
    well_formed = [filled(column), matches(column, f"^{kind}_[0-9a-f]{{24}}$")]
    return [unique(column), *(vital(rule) for rule in well_formed)]


def vital(rule: Rule) -> Rule:
    """The rule as one that nobody can accept to be broken."""
    return replace(rule, vital=True)


def none(name: str, figure: Figure, says: str, warning: bool = False) -> Rule:
    """A count that must be 0. says: of what there must be none, a sentence."""
    return _measured(name, NO_ROWS, figure, says, None, 0, warning)


def foreign(name: str, figure: Figure, says: str) -> Rule:
    """How many keys lead to no row of the table they are of: none may."""
    return vital(_measured(name, LEADS_SOMEWHERE, figure, says, None, 0))


def at_most(name: str, figure: Figure, limit: float, says: str, warning: bool = False) -> Rule:
    """A number that may not exceed `limit`."""
    return _measured(name, FIGURE, figure, says, None, limit, warning)


def at_least(name: str, figure: Figure, limit: float, says: str, warning: bool = False) -> Rule:
    """A number that may not be below `limit`."""
    return _measured(name, FIGURE, figure, says, limit, None, warning)


def _measured(
    name: str, kind: str, figure: Figure, says: str, least: float | None, most: float | None, warning: bool = False
) -> Rule:
    given = {"figure": name, "min_value": least, "max_value": most}
    return Rule(name, kind, given, says, _severity(warning), figure=figure)


def figures(*measured: Rule) -> Batch:
    """Rules about whole tables, which no single row breaks."""
    return Batch(FIGURES, None, measured)


def volume(least: float | None, most: float | None) -> Rule:
    """A warning unless the table has so many rows."""
    given = {"min_value": least, "max_value": most}
    says = "The table has about as many rows as its last published version."
    return Rule("volume", VOLUME, given, says, "warning")


def quantiles(column: str, ranges: Mapping[float, tuple[float, float]]) -> Rule:
    """A warning unless each quantile of a column, such as 0.5, lies in its range."""
    given = {
        "column": column,
        "quantile_ranges": {"quantiles": list(ranges), "value_ranges": [*map(list, ranges.values())]},
    }
    says = f"The quantiles of {column} are about those of the last published version."
    return Rule(f"{column}_quantiles", QUANTILES, given, says, "warning")


def divergence(column: str, shares: Mapping[Any, float], most: float) -> Rule:
    """A warning where the shares of a column's values diverge from these, a Kullback-Leibler divergence in nats.

    One percent is held out for values that are new: they would make it infinite.
    """
    partition = {"values": list(shares), "weights": list(shares.values())}
    given = {"column": column, "partition_object": partition, "threshold": most, "tail_weight_holdout": 0.01}
    says = f"The values of {column} are spread about as in the last published version."
    return Rule(f"{column}_divergence", DIVERGENCE, given, says, "warning")


def exits(name: str, rows: ds.Dataset, outcomes: Sequence[str], reasons: Sequence[str]) -> Batch:
    """Rows that left the pipeline: each with an outcome and a reason from the closed lists."""
    rules = [filled("id"), filled("outcome"), one_of("outcome", outcomes), filled("reason"), one_of("reason", reasons)]
    return Batch(name, rows, [unique("id"), *rules], key="id")


def span(least: object, most: object) -> str:
    """A range in words."""
    if least is None:
        return f"at most {shown(most)}"
    if most is None:
        return f"at least {shown(least)}"
    return shown(least) if least == most else f"from {shown(least)} to {shown(most)}"


def shown(value: object) -> str:
    """A number or text as people read it."""
    scalar = value.item() if isinstance(value, np.generic) else value
    return f"{scalar:.6g}" if isinstance(scalar, float) else str(scalar)
