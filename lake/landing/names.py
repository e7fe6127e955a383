"""Names of fields, as far as registering needs them: which speak of an exchange, which of a passage, which can head a column.

The shapes of records know more of each name (`spark_jobs.ingest.sources`); a test holds that every name of theirs is here.
"""

import re
from collections.abc import Iterable

_SEPARATORS = re.compile(r"[\W_]+")
_REMARK = re.compile(r"\s*[,(\[:/]\s*\S| - ")
# what asks or answers, in any form
EXCHANGE = frozenset(
    {"question", "questions", "squestion", "questiontext", "questionstem", "querytext", "problem", "problemstatement",
     "puzzle", "riddle", "stem", "goal", "ctx", "q", "qs", "prompt", "prompts", "userprompt", "prompttext", "query",
     "queries", "request", "command", "usermessage", "userinput", "userquery", "inputtext", "instruction", "instructions",
     "inputs", "instances", "seedexamples", "questionsandanswers", "qapairs", "qas", "qapair", "bestanswer",
     "correctanswer", "acceptedanswer", "goldanswer", "goldenanswer", "finalanswer", "output", "outputs", "response",
     "responses", "completion", "completions", "answer", "answers", "answertext", "target", "targets", "expectedoutput",
     "expectedresponse", "expectedanswer", "modelanswer", "modelresponse", "modeloutput", "generation", "assistantresponse",
     "botresponse", "airesponse", "longanswer", "reply", "solution", "solutions", "lsolutions", "humananswers", "assistant",
     "bot", "gpt", "chatgpt", "answerkey", "ans", "correctoption", "correct", "cop", "label", "labels", "goldlabel",
     "answermatchingbehavior", "targettext", "outputtext", "tgt", "chosen", "rejected", "chosenresponse",
     "rejectedresponse", "responsechosen", "responserejected", "preferred", "dispreferred", "messages", "conversations",
     "conversation", "dialogue", "dialog", "dialogs", "dialogues", "turns", "utterances", "chat", "chats", "chathistory", "chatmessages", "messagehistory",
     "exchanges", "exchange", "parentid", "choices", "options", "endings", "candidates", "answerchoices", "answeroptions",
     "mcoptions", "alternatives", "sol1", "sol2", "optiona", "optionb", "choicea", "choiceb", "option1", "option2",
     "inputspretokenized", "targetspretokenized", "generations", "canonicalsolution", "questiontitle", "testlist", "unittests", "targetscores",
     "frage", "pregunta", "pergunta", "domanda", "вопрос", "问题", "質問", "질문", "指令",
     "antwort", "respuesta", "réponse", "resposta", "risposta", "ответ", "答案", "回答", "输出", "답변",
     "choice1", "choice2", "opa", "opb", "messagetreeid", "originaltext", "contents", "role", "speaker", "utterance"}
)  # fmt: skip
# what holds a text of its own
TEXT = frozenset(
    {"text", "extract", "passage", "paragraph", "article", "document", "abstract", "plaintext"}
)  # fmt: skip
_OTHER = frozenset(
    {"contexts", "questionbody", "questioncontent", "questiondetails", "输入", "message", "code", "input", "context", "story", "background", "support", "title", "name", "heading", "pagetitle", "headline", "content",
     "body", "summary", "system", "systemprompt", "tools", "functions", "id", "uid", "uuid", "idx", "index", "source",
     "category", "topic", "type", "score", "rating", "lang", "language", "url", "date", "author", "from", "value",
     "transcript", "sample", "human", "user", "task", "src", "difficulty", "level", "tags", "split", "a", "b",
     "c", "d", "e", "description", "definition", "history", "reference", "references", "facts", "key", "text1", "text2",
     "sentence", "sentence1", "sentence2", "premise", "hypothesis", "subject", "chosenanswer", "rejectedanswer", "note",
     "notes", "year"}
)  # fmt: skip


def fold(name: str) -> str:
    """The name as it is compared: lower case, letters and digits only."""
    return _SEPARATORS.sub("", name.casefold())


def known(name: str) -> bool:
    """Whether a name, or what stands before a remark behind it, is one that fields in use have."""
    about = _REMARK.search(name)
    folded = {fold(name), fold(name[: about.start()]) if about else ""}
    return not folded.isdisjoint(EXCHANGE | TEXT | _OTHER)


def have_exchange_or_text(names: Iterable[str]) -> tuple[bool, bool]:
    """Whether any of the names asks or answers, and whether any holds a text."""
    folded = {fold(str(name)) for name in names}
    return not folded.isdisjoint(EXCHANGE), not folded.isdisjoint(TEXT)
