"""Clean, distinct, embedded, rated and grouped rows."""

import pyarrow as pa

from lake.tables.schema import EXIT, MESSAGES, TEXT, TEXTS, VECTOR, Table, columns

_RECORD = columns(
    id=TEXT,
    raw_id=TEXT,
    source=TEXT,
    licence=TEXT,  # SPDX id, or null where nobody stated one
    original_id=TEXT,
    language=TEXT,  # ISO 639-1
    item_type=TEXT,  # qa | chat | tools: kinds that are never merged with one another
    messages=MESSAGES,  # roles system | user | assistant | tool, in order, last one the assistant's
    prompt=TEXT,  # everything before the last answer, as text
    answer=TEXT,  # the last assistant turn
    text=TEXT,  # prompt, newline, answer: what is embedded, rated and grouped
    text_hash=TEXT,  # sha256 of text: the key of silver/embeddings
    personal=TEXTS,  # kinds of personal data found: email, phone, card, ip, key
)

TABLES = (
    Table("silver/instructions", "one normalised record", _RECORD, "id", mode="grow"),
    Table(
        "silver/instructions_rejected",
        "one record that a cleaning rule refused",
        EXIT,
        "id",
        mode="grow",
        side_of="silver/instructions",
    ),
    Table(
        "silver/passages",
        "one clean, distinct passage",
        # text_key: sha256 of the normalised text, which copies share
        columns(id=TEXT, raw_id=TEXT, source=TEXT, licence=TEXT, language=TEXT, title=TEXT, text=TEXT, text_key=TEXT),
        id="id",
        mode="grow",
    ),
    Table(
        "silver/passages_rejected",
        "one passage that was refused or is a duplicate",
        EXIT,
        "id",
        mode="grow",
        side_of="silver/passages",
    ),
    Table("silver/unique_instructions", "one representative of its near-duplicates", _RECORD, "id", mode="grow"),
    Table(
        "silver/duplicates",
        "one removed record, with the evidence",
        # rule: exact_record | exact_prompt_answer | near; similarity: exact word-3-gram Jaccard of the whole record
        columns(removed_id=TEXT, kept_id=TEXT, source=TEXT, rule=TEXT, similarity=pa.float64()),
        id="removed_id",
        mode="grow",
        side_of="silver/unique_instructions",
    ),
    Table(
        "silver/rejected_pairs",
        "one candidate pair that was measured and is no near-duplicate: a sample by hash",
        # reason: numbers_or_short_side | whole_record | prompt | answer, the first that failed
        columns(
            left=TEXT,
            right=TEXT,
            similarity=pa.float64(),
            prompt_similarity=pa.float64(),
            answer_similarity=pa.float64(),
            reason=TEXT,
        ),
        id="left",
        side_of="silver/unique_instructions",
    ),
    Table(
        "silver/signatures",
        "what new records are compared with: the keys of one unique record",
        # turns, ending: 16 bytes, equal for exact copies; bands: 25 keys of 8 bytes, empty for a record shorter than a shingle
        columns(id=TEXT, turns=pa.binary(), ending=pa.binary(), bands=pa.binary()),
        id="id",
        mode="grow",
        side_of="silver/unique_instructions",
    ),
    Table(
        "silver/embeddings",
        "one vector of one distinct text by one embedder",
        columns(text_hash=TEXT, embedder=TEXT, vector=VECTOR),  # embedder: digest; vector: unit norm
        id="text_hash",
        mode="append",
    ),
    Table(
        "silver/student_fidelity",
        "one measurement of the student embedder on texts that were new to the lake",
        # share: mean cosine, by the teacher, of the student's five nearest others over that of the teacher's own five
        columns(embedder=TEXT, teacher=TEXT, texts=pa.int64(), share=pa.float64(), overlap=pa.float64(), advice=TEXT),
        id="advice",
        mode="append",
        side_of="silver/embeddings",
    ),
    Table(
        "silver/ratings",
        "one rating of one record by one judge",
        columns(
            id=TEXT,
            judge=TEXT,
            prompt_version=TEXT,
            rarity=pa.int32(),
            complexity=pa.int32(),
            informativeness=pa.int32(),
            overall=pa.int32(),  # 1..10, null on error
            error=TEXT,
        ),
        id="id",
        mode="grow",
    ),
    Table(
        "silver/quality",
        "one curated score of one record",
        # score: 0..5 (method: overall clipped to 4..9, minus 4); uncertainty: sd, same units
        # neighbour_score: mean score of the nearest records of a sample, null for records outside of it
        columns(
            id=TEXT,
            score=pa.float64(),
            uncertainty=pa.float64(),
            neighbour_score=pa.float64(),
            judges=pa.int32(),
            high=pa.bool_(),
        ),
        id="id",
        mode="grow",
    ),
    Table("silver/unrated", "one record that no judge could rate", EXIT, "id", mode="grow", side_of="silver/quality"),
    Table(
        "silver/groups",
        "one member of a group of similar low-rated records",
        columns(
            group_id=TEXT,
            id=TEXT,
            size=pa.int32(),
            similarity=pa.float64(),
            cohesion=pa.float64(),
            source=TEXT,
            licence=TEXT,
            licence_class=TEXT,  # of texts.licences: what members have in common
            group_licence=TEXT,  # SPDX expression over all members: what an item fused from the group is under
            language=TEXT,
            item_type=TEXT,
        ),
        id="id",
        mode="grow",
    ),
    Table("silver/singletons", "one low-rated record without a group", EXIT, "id", side_of="silver/groups"),
)
