"""Languages are named, and a text too short to tell gets the default."""

import pyarrow as pa

from spark_jobs.language import languages

TEXTS = {
    "How is the rice that you cook for the guests?": "en",
    "“Curly” quotes around the words of this sentence": "en",
    "Cook rice": "en",
    "Den Reis waschen, mit der doppelten Menge Wasser aufkochen und quellen lassen.": "de",
    "Il faut rincer le riz à l'eau froide avant de le faire cuire doucement.": "fr",
    "先把米洗干净，加入两倍的水，煮开后转小火焖十五分钟。": "zh",
    "Рис промывают холодной водой и варят на медленном огне.": "ru",
    "Translate what follows for me, and keep the tone of it: Guten Morgen": "en",
}


def test_languages_are_named_row_by_row() -> None:
    assert languages(pa.array(list(TEXTS)), "en", 0.3).to_pylist() == list(TEXTS.values())


def test_the_default_is_for_texts_that_the_model_cannot_tell() -> None:
    assert languages(pa.array(["", " \n", "2 + 2"]), "xx", 0.99).to_pylist() == ["xx"] * 3
