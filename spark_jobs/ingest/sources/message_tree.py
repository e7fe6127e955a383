"""OASST messages, as trees and as flat tables: every path from the root to a leaf is a conversation of its own."""

from typing import Any

from spark_jobs.ingest.sources.fields import Record, folded, is_record

# folded names that a single message must have, one set for each export in use
_FLAT = (
    {"messageid", "parentid", "text", "role"},
    {"id", "parentid", "content", "role"},
    {"id", "parentid", "text", "role"},
)


def nested_records(record: Record) -> list[Any] | None:
    """The conversations as {messages, id} records, the id the leaf's; None if this is not a tree."""
    root = record.get("prompt")
    if "message_tree_id" not in record or not is_record(root) or "text" not in root:
        return None
    conversations: list[Any] = []
    # a stack instead of recursion: threads can be deeper than Python's limit
    branches: list[tuple[Record, list[dict[str, Any]]]] = [(root, [])]
    while branches:
        node, before = branches.pop()
        path = [*before, {"role": node.get("role"), "content": node.get("text")}]
        replies = [reply for reply in node.get("replies") or [] if is_record(reply)]
        # the last one pushed is taken first, so conversations come in the order of the tree
        branches.extend((reply, path) for reply in reversed(replies))
        if not replies:
            conversations.append({"messages": path, "id": node.get("message_id")})
    return conversations


def flat_message(record: Record) -> tuple[str, str | None, dict[str, Any]] | None:
    """(id, parent's id, {role, content}) of a single message that belongs to a thread, or None if the record is none."""
    # asked of every record that no shape fits: this spares most of them the folding of their names
    if "parent_id" not in record and "parentId" not in record:
        return None
    fields = folded(record)
    names = next((names for names in _FLAT if names <= fields.keys()), None)
    if names is None:
        return None
    own = record[fields["messageid" if "messageid" in names else "id"]]
    parent = record[fields["parentid"]]
    content = record[fields["content" if "content" in names else "text"]]
    message = {"role": record[fields["role"]], "content": content}
    return str(own), None if parent in (None, "") else str(parent), message
