"""What an answer gives away about itself: that it was cut off, that a template's blank was left in.

Each function takes columns and gives a mask, all of the batch's length:

    >>> answers = pa.array(["A rule", "It keeps well for days, because the pot is tight and", "4"])
    >>> prompts = pa.array(["What is it?", "How long does it keep?", "2 + 2"])
    >>> cut_off(answers, pa.array(["en", "en", "en"]), prompts).to_pylist()
    [False, True, False]

Precision before recall: an answer is rejected for what no finished answer has. Titles, lists, code and short answers do without
a full stop, so a missing one proves nothing; an end in the middle of a phrase, of code or of a JSON value does, unless the prompt
asked for a fragment. Unfinished phrases are known in seven languages. A dear test runs only on the texts in
which a cheap pattern occurs.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

import re
from collections.abc import Callable
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.clean.endings import code_ends_early, json_ends_early
from spark_jobs.recognisers.code import holds_code
from spark_jobs.recognisers.matching import matches

# Words with which no phrase ends, where at least four others come before them on the line. Prepositions that can end a question
# or a relative clause (in, for, with, to) are not here, nor `a`, which names things.
_UNFINISHED = {
    "en": "the|an|and|or|but|because|although|whereas|your|my|our|their|every|whose|into|of",
    "de": "und|oder|aber|weil|dass|sowie|eine[mnr]?|deren|dessen",
    "fr": "et|ou|mais|parce que|les?|des?|du|une|leurs|dont",
    "es": "y|o|pero|porque|el|los|las|del?|una|cuy[oa]s?",
    "pt": "e|ou|mas|porque|os|d[aeo]s?|uma|cuj[oa]s?",
    "it": "e|o|ma|perché|il|gli|del(?:la|le)?|degli|una",
}  # fmt: skip
_BEFORE = r"(?:\S+[ \t]+){4,}"
_OPEN_CLAUSE = (
    r"[^\s,;:.!?]+(?:[ \t]+[^\s,;:.!?]+){7,},$|[^\s，、。！？]{12,}，$|、$"  # closings of letters are shorter
)
_OPEN_BRACKET = r"[^:;=\s-]\s*[({]$"
_COMMA = r"[,，、]$"
_TAIL = 240  # characters of the end in which an unfinished phrase shows
_FENCE = r"(?m)^[ \t]*```"
_JSON = r'^\s*(?:\{\s*"|\[\s*[\[{"])'

# a word that is named, not used: "the most frequent conjunction is and"
_NAMED = r"(?i)(?:\b(?:is|are|was|were|say|says|called|est|sont|ist|sind|es|son|é|são|è)|[=:\"'“‘«])\s+[\"'“‘«]?(?:and|or|but|et|ou|mais|und|oder|aber|y|o|pero|e|mas|ma)$"
# a prompt that asks for a part of something, or for a word
_PART_WANTED = (
    r"(?i)\b(?:opening|beginning of|start of|first (?:line|half|part|word|sentence|clause|\w+ (?:words|lines))|complete (?:the|this|my|it|these)"
    r"|(?:continue|continuing|finish|extend|resume)(?: with| writing)?:? (?:the|this|my|these|it|from)|continuation|fill|fragments?|prefix|suffix|only the|just the"
    r"|signature|header|stop (?:at|after|before|when|with|there)|next (?:word|line|item|token|part)|stop ?words?|conjunctions?|prepositions?|determiners?"
    r"|(?:(?:in)?definite|english|common|missing|french|german) articles?|pronouns?|(?:which|what) (?:[\w-]+ ){0,3}words?|last word|ends? (?:with|in|on)|ending (?:with|in|on)|cut[ -]off|truncat\w*|incomplete|unfinished"
    r"|trail(?:s|ing)?|cliff-?hanger|half[ -](?:finished|sentence)|comma|open(?:s|ing)? (?:brace|bracket|parenthes[ie]s)|unclosed|left open"
    r"|vervollständig\w*|setze .{0,40} fort|anfang|beginn|complétez?|continuez?|début|completa|continúa|comienzo|complete a|continue)\b"
    r"|\b(?:complete|continue|finish) ?:|续写|补全|填空|开头|接着写|下一|完成以下|连词|,\s*$|\.\.\.\s*$|…\s*$|_{3,}"
)

_BLANK = r"(?:^|[^{$=\\\"'“‘#@%}>])\{\{\s*[A-Za-z_][\w .-]*\}\}(?:[^}]|$)"
_NAMES = r"\{\{\s*([A-Za-z_][\w .-]*?)\s*\}\}"
_ABOUT_TEMPLATES = (
    r"(?i)`|\{%|</|\$\{\{|\\\w+\{|\b(?:templat\w*|placeholders?|jinja2?|handlebars|mustache|liquid|django|vue|angular|svelte|react|jsx|ansible|helm"
    r"|(?:la)?tex|mathjax|mediawiki|wiki\w*|ya?ml|github|gitlab|workflows?|terraform|airflow|dbt|postman|twig|nunjucks|cookiecutter|shopify"
    r"|f-?strings?|format strings?|interpolat\w*|mail[ -]?merge|merge (?:fields?|tags?)|macros?|variables?|snippets?|format(?:s|ted|ting)?|syntax|escap\w*"
    r"|(?:double |curly )+(?:braces?|brackets?)|braces|mustaches?)\b|模板|占位符|变量"
)


def cut_off(answers: pa.StringArray, languages: pa.StringArray, prompts: pa.StringArray) -> pa.BooleanArray:
    """Whether an answer ends inside a phrase, a bracket, a code fence or a JSON value, and no prompt asked for a part."""
    # patterns that are tied to the end are tried at every character before it: on the last few only, that costs little
    ends = pc.utf8_slice_codeunits(answers, -_TAIL, None)
    phrases = reduce(pc.or_, (_unfinished(ends, languages, language) for language in _UNFINISHED))
    open_end = pc.or_(_open_clause(ends), matches(ends, _OPEN_BRACKET))
    found = reduce(pc.or_, (phrases, open_end, _open_fence(answers), _open_json(answers)))
    if not pc.any(found).as_py():
        return found
    some = prompts.filter(found)
    # of a long prompt, where its request stands: first or last
    asked = pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(some, 0, _TAIL), pc.utf8_slice_codeunits(some, -_TAIL, None), " "
    )
    meant = pc.or_(matches(asked, _PART_WANTED), matches(ends.filter(found), _NAMED))
    return pc.replace_with_mask(found, found, pc.invert(meant))


def blanks(prompts: pa.StringArray, answers: pa.StringArray) -> pa.BooleanArray:
    """Whether a template's `{{name}}` was left in a record that is neither about templates nor code.

    A blank that a prompt has and its answer repeats is what they speak of.
    """
    left = pc.or_(matches(prompts, _BLANK, "{{"), matches(answers, _BLANK, "{{"))
    if not pc.any(left).as_py():
        return left
    some, others = prompts.filter(left), answers.filter(left)
    whole = pc.binary_join_element_wise(some, others, "\n")
    meant = pc.or_(matches(whole, _ABOUT_TEMPLATES), holds_code(pc.replace_substring_regex(whole, _NAMES, " ")))
    shared = pa.array(map(_shares_blanks, some.to_pylist(), others.to_pylist()), pa.bool_())
    return pc.replace_with_mask(left, left, pc.invert(pc.or_(meant, shared)))


def _shares_blanks(prompt: str, answer: str) -> bool:
    """Whether all blanks of the answer stand in its prompt, too."""
    held = set(re.findall(_NAMES, answer))
    return bool(held) and held <= set(re.findall(_NAMES, prompt))


def _unfinished(ends: pa.StringArray, languages: pa.StringArray, language: str) -> pa.BooleanArray:
    spoken = pc.equal(languages, language)
    if not pc.any(spoken).as_py():
        return spoken
    return pc.and_(spoken, matches(ends, rf"{_BEFORE}(?:{_UNFINISHED[language]})$"))


def _open_clause(ends: pa.StringArray) -> pa.BooleanArray:
    breaks = matches(ends, _COMMA)
    if not pc.any(breaks).as_py():
        return breaks
    return pc.replace_with_mask(breaks, breaks, matches(ends.filter(breaks), _OPEN_CLAUSE))


def _open_fence(answers: pa.StringArray) -> pa.BooleanArray:
    fenced = matches(answers, _FENCE, "```")
    if not pc.any(fenced).as_py():
        return fenced
    some = answers.filter(fenced)
    # fences come in pairs: an odd number leaves one without its other end, but a text may also just speak of fences
    odd = pc.equal(pc.bit_wise_and(pc.count_substring_regex(some, _FENCE), 1), 1)
    return pc.replace_with_mask(fenced, fenced, _where(odd, some, code_ends_early))


def _open_json(answers: pa.StringArray) -> pa.BooleanArray:
    begun = matches(answers, _JSON)
    return _where(begun, answers, json_ends_early)


def _where(chosen: pa.BooleanArray, texts: pa.StringArray, judge: Callable[[str], bool]) -> pa.BooleanArray:
    """What `judge` says of the chosen texts; false for the others."""
    if not pc.any(chosen).as_py():
        return chosen
    return pc.replace_with_mask(chosen, chosen, pa.array(map(judge, texts.filter(chosen).to_pylist()), pa.bool_()))
