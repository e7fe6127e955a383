"""Answers that decline and say nothing else.

    >>> answers = pa.array(["As an AI, I cannot taste.", "As an AI, I cannot taste, but most cooks add the salt at the very end of it."])
    >>> declines(answers, pa.array(["Is it salty?", "When is it salted?"]), most_words=60).to_pylist()
    [True, False]

An assistant speaks of itself: `as an AI engineer you cannot` is a person's. Where the question is about machines or about the one
who answers, that it lacks feelings is the answer. And who goes on to answer, after `but` or in sentences that do not send the reader
elsewhere, does not only decline. Known in six languages.
"""

# pyright: reportAttributeAccessIssue=false
# pyarrow.compute makes its functions when it is imported

import re

import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.recognisers.matching import matches

_SORRY = r"(?:(?:i['’]?m|i am) (?:very |really |so )?(?:sorry|afraid)\b.{0,40}?|(?:sorry|unfortunately|apologies)\b.{0,40}?)?"
_KIND = (
    r"(?:(?:large )?language model|(?:ai|artificial intelligence)(?: language)?(?: model| assistant| system| chatbot| program| bot)?)(?: \(\w+\))?"
    r"(?: (?:developed|trained|created|made|designed|built|without|with no)\b[^.,]{0,60})?"
)
# what comes next tells a machine that speaks of itself from people who work with machines
_ITSELF = r"(?:\s*[,.;:–—-].{0,100}?\b(?:i|it is)\b|\s+(?:and |so |therefore,? )*(?:i|it is|my)\b)"
_CANNOT = r"\b(?:can ?not|can['’]?t|unable|not able|(?:do not|don['’]?t) (?:have|possess|experience|feel)|won['’]?t|lack|not (?:capable|programmed|appropriate))\b"
_MACHINE = (
    rf"(?:as an? {_KIND}{_ITSELF}.{{0,60}}?{_CANNOT}"
    rf"|(?:i am|i['’]m)(?: just| only)? an? {_KIND}(?:\s*[,.;:–—-]|\s+and\b|\s+so\b).{{0,100}}?{_CANNOT})"
)
_DECLINE = (
    r"\bi (?:can ?not|can['’]?t|am unable to|am not able to|won['’]?t) "
    r"(?:help|assist|answer|fulfil|provide|comply|complete|do that|engage|discuss|respond)"
)
_DECLINES = (
    rf"{_SORRY}(?:{_MACHINE}|{_DECLINE})",
    r"(?:(?:tut mir leid|leider|entschuldigung).{0,40}?)?als (?:ki|künstliche intelligenz|sprachmodell)\b.{0,120}?\b(?:nicht|keine?n?)\b",
    r"(?:(?:désolé|je suis désolé|malheureusement).{0,40}?)?en tant qu(?:e |['’])(?:modèle de langage|ia\b|intelligence artificielle)"
    r".{0,120}?\bne? ?(?:peux|suis|dispose|possède|ai)\b",
    r"(?:lo siento.{0,40}?)?como (?:un |una )?(?:modelo de lenguaje|ia\b|inteligencia artificial).{0,120}?\bno (?:puedo|tengo|soy)\b",
    r"(?:desculpe.{0,40}?)?como (?:um |uma )?(?:modelo de linguagem|ia\b|inteligência artificial).{0,120}?\bnão (?:posso|tenho|sou)\b",
    r"(?:(?:很?抱歉|对不起).{0,20}?)?(?:我(?:只)?是|作为)(?:一个|一名|一款|一种)?(?:大型)?(?:ai|人工智能|语言模型).{0,60}?(?:无法|不能|没有|不具备|不会)",
)
# what each of these begins with: few answers do, and the whole pattern is dear
_OPENING = (
    r"(?i)^[^\w]*(?:i(?:['’]?m| am| can| won)|sorry|unfortunately|apologies|as an? (?:large|language|ai|artificial)|tut mir|leider|entschuldigung|als (?:ki|künst|sprach)"
    r"|désolé|je suis|malheureusement|en tant|lo siento|como |desculpe|很?抱歉|对不起|我只?是|作为)"
)
_REFUSAL = rf"(?is)^[^\w]*(?:{'|'.join(_DECLINES)})"
_REFUSALS = re.compile(_REFUSAL)
# questions about machines, or about whom they are put to
_OF_MACHINES = (
    r"(?i)\b(?:ai|a\.i\.|artificial intelligence|language models?|llms?|chat ?bots?|chatgpt|gpt|robots?|a machine|machines|machine learning|sentient|conscious\w*|self-aware"
    r"|(?:do|can|are|have) you (?:ever |really |truly |actually )?(?:feel\w*|have (?:feelings|emotions|a body|friends|dreams|consciousness)|human|real|alive|a (?:person|human|bot|computer)|dream|sleep|eat|love|conscious)"
    r"|(?:who|what) are you|your (?:limits|limitations?|weakness\w*|abilities|capabilities|training|knowledge cut-?off)|what can(?:'t|not)? you)\b"
    r"|人工智能|语言模型|机器人|künstliche intelligenz|sprachmodell\w*|intelligence artificielle|inteligencia artificial"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
# sentences in which a machine speaks of itself, or that send the reader elsewhere, offer, ask or excuse themselves
_SENDS_ON = re.compile(
    r"(?i)^\W*(?:(?:however|instead|but|therefore|so|also|if so|for (?:this|that)|to [^,.]{1,80},),? )*"
    r"(?:please|you (?:can|could|may|might|should|will|would|need)|i (?:can|could|would|will|am|do|don|suggest|recommend|only|must|apologi[sz]e|hope|encourage|rely|was|have to)\b|i['’]m|my (?:purpose|role|function|job|knowledge)"
    r"|if (?:you|there)|is there|can (?:you|i)|could you|would you|let me|feel free|how (?:can|may)|what (?:else|would)|it (?:is|would be) (?:best|important|not|recommended|advisable|better)"
    r"|as an? (?:ai|artificial intelligence|(?:large )?language model)\b|consult|check|thanks?|sorry|there are (?:many|several|various|plenty|some)|perhaps|maybe|more (?:information|context|details))\b|.*\?\s*$"
    r"|.*\b(?:possible for me|without (?:\w+ )?(?:context|further|more|additional)|i (?:can ?not|can['’]t|don['’]t|do not|am unable))\b"
)
_TURN = re.compile(r"(?i), *(?:but|however|though|yet|still|and so)\b[, ]*|[;:–—] *(?:(?:but|however),? )?")
_LEAST_SAID = 8  # words: less is no answer


def declines(answers: pa.StringArray, prompts: pa.StringArray, most_words: int) -> pa.BooleanArray:
    """Whether an answer of at most `most_words` words (a Han character counts as half a word) only declines."""
    suspects = matches(answers, _OPENING)
    suspects = pc.replace_with_mask(suspects, suspects, matches(answers.filter(suspects), _REFUSAL))
    if not pc.any(suspects).as_py():
        return suspects
    some = answers.filter(suspects)
    # a long answer that opens by declining goes on to answer
    short = pc.less_equal(_words(some), most_words)
    asked = matches(prompts.filter(suspects), _OF_MACHINES)
    bare = pa.array([not _goes_on(text) for text in some.to_pylist()], pa.bool_())
    return pc.replace_with_mask(suspects, suspects, pc.and_(pc.and_(short, bare), pc.invert(asked)))


def _goes_on(answer: str) -> bool:
    """Whether enough is said beside declining."""
    found = _REFUSALS.match(answer)
    first, *others = _SENTENCE.split(answer[found.end() if found else 0 :])
    turn = _TURN.search(first)
    told = [first[turn.end() :], *others] if turn else others
    return sum(len(one.split()) for one in told if not _SENDS_ON.match(one)) >= _LEAST_SAID


def _words(texts: pa.StringArray) -> pa.Array:
    """How many words each text has, int; two Han characters count as one."""
    spaced = pc.list_value_length(pc.utf8_split_whitespace(texts))
    return pc.add(spaced, pc.divide(pc.count_substring_regex(texts, r"\p{Han}"), 2))
