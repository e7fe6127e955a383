"""Languages are named, and a text too short to tell gets the default."""

import pyarrow as pa

from spark_jobs.clean.language import languages

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


def test_han_characters_alone_are_chinese_where_the_model_is_misled_by_what_is_beside_them() -> None:
    chinese = [
        "给出两个数，找出它们的和。 [4, 8, 1, 10] 23",
        "写出五个水果的名字 苹果、香蕉、橙子、葡萄、草莓。",
        "解释“hit the nail on the head”这个成语的意思，并且用它来造一个完整的句子。",
    ]
    others = {
        "お米を洗って、二倍の水を入れて、沸騰したら弱火で十五分炊きます。": "ja",
        "쌀을 씻고 두 배의 물을 넣은 뒤 약한 불에서 십오 분 동안 끓입니다. 漢字漢字漢字漢字": "ko",
        "What do the characters 水火木金土日月年 mean, and how are they written by a child?": "en",
    }
    found = languages(pa.array([*chinese, *others]), "en", 0.3).to_pylist()
    assert found == ["zh"] * len(chinese) + list(others.values())
