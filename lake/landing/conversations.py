"""Conversations written into one text: the marks at which a speaker's words begin, in the forms in use.

    >>> conversation_turns("### Human: Why?### Assistant: So.")
    [('user', 'Why?'), ('assistant', 'So.')]
    >>> conversation_turns("[INST] <<SYS>>Be kind.<</SYS>> Hi [/INST] Hello </s>")
    [('system', 'Be kind.'), ('user', 'Hi'), ('assistant', 'Hello')]
    >>> conversation_turns("#Q Which is a drink?\\n^ Tea\\nA Tea\\nB Rice")
    [('user', 'Which is a drink?\\nA. Tea\\nB. Rice'), ('assistant', 'Tea')]
    >>> conversation_turns("A letter.\\nUser: a word with a colon.") is None
    True

Registering looks for them to tell conversations from passages (`lake.landing.peek`), reading takes them apart
(`spark_jobs.ingest`). A form is looked for as a whole: within one, the marks of the others are just text.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

Turns = list[tuple[str, str]]  # role (system, user, assistant or tool) and words, in order

_NAMES = {
    **dict.fromkeys(("system", "sys", "developer", "system_prompt"), "system"),
    **dict.fromkeys(("user", "human", "prompter", "question", "q", "instruction", "instructions", "input", "prompt",
                     "query", "context", "problem", "instruct", "customer", "client", "frage", "pregunta", "pergunta", "domanda", "вопрос", "问题", "用户", "问", "質問"), "user"),
    **dict.fromkeys(("assistant", "gpt", "chatgpt", "bot", "ai", "model", "response", "output", "answer", "a", "completion",
                     "chatbot", "agent", "solution", "antwort", "respuesta", "réponse", "resposta", "risposta", "ответ", "回答", "答案", "助手", "答"),
                    "assistant"),
    **dict.fromkeys(("tool", "function", "ipython", "observation", "tool_response", "function response", "tool response"), "tool"),
}  # fmt: skip
# what closes a turn, or opens and closes the whole, in the templates of chat models
_BRACKETS = re.compile(
    r"(?:\s|</?s>|<\|(?:im_end|eot_id|end|endoftext|end_of_text|begin_of_text|return|end_of_turn|eom_id|im_sep)\|>"
    r"|<(?:end_of_turn|bos|eos)>|</(?:system|user|human|assistant|bot|question|answer|instruction|response|prompt|completion)>|<｜(?:begin|end)▁of▁sentence｜>)+"
)
_TAGGED = (
    "system|developer|user|human|prompter|prompt|assistant|answer|bot|gpt|ai|model|tool|function|observation|ipython"
)
_ELEMENTS = "system|user|human|assistant|bot|question|answer|instruction|response|prompt|completion"
_HEADED = "system|user|human|assistant|gpt|bot|ai|instructions?|input|context|response|output|question|answer|prompt|completion|solution"


class _Form(NamedTuple):
    """One way to mark turns: the mark, with the speaker as group `role`; whether text may stand before the first one."""

    mark: re.Pattern[str]
    preamble: bool


_FORMS = (
    _Form(
        re.compile(
            rf"(?i)<\|im_start\|>[ \t]*(?P<role>\w+)[^\n<]*\n?|<\|start_header_id\|>\s*(?P<header>\w+)\s*<\|end_header_id\|>"
            rf"|<start_of_turn>[ \t]*(?P<turn>\w+)\b|<\|start\|>(?P<start>\w+)(?:<\|channel\|>\w+)?<\|message\|>"
            rf"|(?:<\||\[\||<｜)(?P<tag>{_TAGGED})(?:_start)?(?:\|>|\|\]|｜>)|(?:^|\n)[ \t]*<(?P<angle>{_TAGGED})>:"
        ),
        preamble=True,
    ),
    _Form(re.compile(r"\[(?P<role>/?INST)\]"), preamble=True),
    _Form(
        re.compile(
            rf"(?i)#{{2,4}}[ \t]*(?P<role>{_HEADED})[ \t]*:"
        ),
        preamble=True,
    ),
    # without a colon it is the heading of a page as well: nothing may stand before it
    _Form(re.compile(rf"(?i)(?:^|\n)[ \t]*#{{2,4}}[ \t]*(?P<line>{_HEADED})[ \t]*:?[ \t]*(?=\n|$)"), preamble=False),
    _Form(re.compile(rf"(?i)<(?P<element>{_ELEMENTS})>"), preamble=False),
    _Form(
        re.compile(
            r"(?:^|\n|(?<=</s>))[ \t]*\**(?P<role>(?:[Hh]uman|[Uu]ser|HUMAN|USER|[Aa]ssistant|ASSISTANT|AI|Bot|GPT|ChatGPT|[Ss]ystem|SYSTEM|FUNCTION RESPONSE|TOOL RESPONSE"
            r"|(?:Q|A|[Qq]uestion|[Aa]nswer|QUESTION|ANSWER)(?:[ \t]?\d{1,4})?)(?=\**[ \t]*:)|[QA]\d{1,4}(?=[.)][ \t]))\**[ \t]*[:.)]\**[ \t]*"
        ),
        preamble=False,
    ),
    _Form(
        # the words for question and answer in other languages, and the sides of a service
        re.compile(
            r"(?:^|\n)(?:\[Round \d+\]\s*)?[ \t]*\**(?P<role>Frage|Antwort|Pregunta|Respuesta|Réponse|Pergunta|Resposta|Domanda|Risposta|Вопрос|Ответ|Customer|Client|Agent"
            r"|Chatbot|Model|问题|回答|答案|用户|助手|问|答|質問|Question)\**[ \t\u00a0]*[:：]\**[ \t]*"
        ),
        preamble=False,
    ),
    _Form(
        re.compile(r"(?:^|\n)[ \t]*(?:\[(?P<role>Human|User|AI|Assistant|Bot|System|Q|A)\][ \t]*:?|(?P<letter>[QA])\.(?=[ \t]))"),
        preamble=False,
    ),
    _Form(
        re.compile(r"(?:^|(?<=<\|end_of_turn\|>))\s*(?:[A-Z][\w.]* ){0,2}(?P<role>User|Assistant|Human|System):[ \t]*"),
        preamble=False,
    ),
    _Form(
        re.compile(r"(?:^|\n)[ \t]*\**(?P<role>[Ii]nstruction|Instruct|Problem|[Ii]nput|[Cc]ontext|[Oo]utput|[Rr]esponse|Solution|[Pp]rompt|[Cc]ompletion|Query)\**[ \t]*:\**[ \t]*"),
        preamble=False,
    ),
    _Form(re.compile(r"(?:(?<=\s)|(?<=</s>)|^)(?P<role>USER|ASSISTANT|HUMAN):[ \t]*"), preamble=True),
)  # fmt: skip
_HINT = re.compile(
    r"<\||\[\||<｜|<start_of_turn>|<\w+>|[:：]|\[\w+\]|[QA]\d{0,4}[.)] |\[INST\]|##|:\**[ \t]?|#Q", re.IGNORECASE
)
# the wrapping of Stanford's Alpaca: it says that an instruction follows, and nothing else
_WRAPPING = re.compile(
    r"Below is an? instruction that describes a task(?:, paired with an input that provides further context)?\.?\s*"
    r"(?:Write a response that appropriately completes the request\.?)?\s*"
)
_SYSTEM = re.compile(r"<<SYS>>(.*?)<</SYS>>", re.DOTALL)
_TRIVIA = re.compile(r"#Q[ \t]+(?P<question>.+?)\n\^[ \t]*(?P<answer>[^\n]+)(?P<options>(?:\n[A-Z][ \t]+[^\n]+)*)\s*", re.DOTALL)  # fmt: skip


def conversation_turns(text: str) -> Turns | None:
    """Who says what in a text that is a conversation with an answer; None for any other text."""
    if _HINT.search(text) is None:
        return None
    return _trivia(text) or next((found for form in _FORMS if (found := _in_form(text, form))), None)


def prompt_turns(text: str) -> Turns | None:
    """What comes before the answer in a text that ends where the answer begins, as a rendered prompt does; else None."""
    for form in _FORMS:
        spoken = _spoken(text, form)
        if spoken and spoken[-1] == ("assistant", "") and any(role == "user" and words for role, words in spoken):
            return _merged(spoken[:-1])
    return None


def opening_role(text: str) -> str | None:
    """The role of the speaker with whose mark a text begins; None where it begins with none."""
    begun = text.lstrip()
    if begun.startswith("#Q "):
        return "user"
    for form in _FORMS:
        mark = form.mark.match(begun)
        if mark is not None:
            return _role(mark)
    return None


def _in_form(text: str, form: _Form) -> Turns | None:
    spoken = _spoken(text, form)
    # without an answer it is a text that begins with a name, such as a play or a letter
    if spoken is None or not {"user", "assistant"} <= {role for role, _ in spoken}:
        return None
    # a template may end where the next answer would begin
    if spoken[-1] == ("assistant", "") and any(role == "assistant" and words for role, words in spoken):
        spoken = spoken[:-1]
    return _merged(spoken)


def _spoken(text: str, form: _Form) -> Turns | None:
    """The words behind each mark of one form; None where it has no mark, an unknown speaker, or text in a wrong place."""
    marks = list(form.mark.finditer(text))
    if not marks:
        return None
    before = _bare(text[: marks[0].start()])
    roles = [_role(mark) for mark in marks]
    # text before the first mark belongs to a template; elsewhere it means that this is no conversation
    if None in roles or (before and not (form.preamble and _opens_exchange(roles))):
        return None
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    words = [_bare(_closed(mark.group(), text[mark.end() : end])) for mark, end in zip(marks, ends, strict=True)]
    spoken = [("system", before)] if before and not _WRAPPING.fullmatch(before) else []
    for role, one in zip(roles, words, strict=True):
        spoken += _with_system(str(role), one)
    return spoken


def _closed(mark: str, words: str) -> str:
    """The words without the end of the bold type that the mark began: `**Q: Why?**`."""
    return words.replace("**", "", 1) if mark.count("**") == 1 and "**" in words.partition("\n")[0] else words


def closed(words: str) -> str:
    """The words without the tokens that close a turn at their end, and the white space around these.

    >>> closed(" So. </s>"), closed(" So. ")
    (' So.', ' So. ')
    """
    bare = _bare(words)
    return words[: words.find(bare) + len(bare)] if bare and words.rstrip()[-1:] == ">" else words


def _opens_exchange(roles: Sequence[str | None]) -> bool:
    return roles[0] in ("system", "user") and "assistant" in roles


def _with_system(role: str, words: str) -> Turns:
    """A turn; two where a system instruction is written into it."""
    system = _SYSTEM.search(words) if "<<SYS>>" in words else None
    if system is None:
        return [(role, words)]
    rest = _bare(words[: system.start()] + words[system.end() :])
    return [("system", _bare(system.group(1))), *([(role, rest)] if rest else [])]


def _role(mark: re.Match[str]) -> str | None:
    name = next(name for name in mark.groups() if name is not None)
    if name in ("INST", "/INST"):
        return "user" if name == "INST" else "assistant"
    return _NAMES.get(name.casefold().rstrip("0123456789 \t"))


def _bare(words: str) -> str:
    """The words without white space and closing tokens around them; within them a token is part of what is said."""
    begin = _BRACKETS.match(words)
    words = words[begin.end() :] if begin else words
    while words and (words[-1].isspace() or words[-1] in ">"):
        cut = max((found for found in (words.rfind("<", 0, len(words)),) if found >= 0), default=-1)
        bare = words.rstrip()
        if bare != words:
            words = bare
        elif cut >= 0 and _BRACKETS.fullmatch(words, cut):
            words = words[:cut]
        else:
            break
    return words


def _merged(spoken: Turns) -> Turns:
    """The turns, of which an instruction and the input that follows it are one: both are the user's."""
    merged: Turns = []
    for role, words in spoken:
        if merged and role == "user" == merged[-1][0]:
            if not is_nothing(words):
                merged[-1] = (role, f"{merged[-1][1]}\n\n{words}".strip())
        else:
            merged.append((role, words))
    return merged


def _trivia(text: str) -> Turns | None:
    """A block of a trivia file: `#Q` and the question, `^` and the answer, options behind their letters."""
    found = _TRIVIA.fullmatch(text.strip()) if text.lstrip().startswith("#Q") else None
    if found is None:
        return None
    options = [f"{line[0]}. {line[1:].strip()}" for line in found["options"].splitlines() if line.strip()]
    return [("user", "\n".join([found["question"].strip(), *options])), ("assistant", found["answer"].strip())]


# how files say that there is nothing where something could be
_NOTHING = frozenset(
    {"", "nan", "none", "null", "nil", "n/a", "<na>", "<nan>", "[]", "{}", "noinput", "no input", "no_input", "nocontext",
     "no context", "false", "undefined"}
)  # fmt: skip


def is_nothing(text: str) -> bool:
    """Whether a text beside a question only says that there is none: `nan`, `None`, `<noinput>`, `[]`."""
    return len(text) < 20 and text.strip().strip("<>().[]").strip().casefold() in _NOTHING
