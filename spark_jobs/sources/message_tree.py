"""OASST message trees: every path from the root to a leaf is a conversation of its own."""

from typing import Any

from spark_jobs.sources.turns import Record, is_record


def units(record: Record) -> list[Any] | None:
    """The conversations as {messages, id} records, the id the leaf's; None if this is not a tree."""
    root = record.get("prompt")
    if "message_tree_id" not in record or not is_record(root) or "text" not in root:
        return None
    conversations: list[Any] = []
    branches: list[tuple[Record, list[dict[str, Any]]]] = [(root, [])]
    while branches:
        node, before = branches.pop()
        path = [*before, {"role": node.get("role"), "content": node.get("text")}]
        replies = [reply for reply in node.get("replies") or [] if is_record(reply)]
        branches.extend((reply, path) for reply in reversed(replies))
        if not replies:
            conversations.append({"messages": path, "id": node.get("message_id")})
    return conversations
