"""Languages are named, and a text too short to tell gets the default."""

import pyarrow as pa
import pytest

from spark_jobs.recognisers.language import languages

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


@pytest.mark.parametrize(
    "text",
    [
        "Tea?",
        "pi?\n3.14159",
        "la la la",
        "[4, 8, 1]\n13",
        '{"a": 1, "la": [2, 3]}',
        "Rhyme: hen\npen",
        "git commit -m 'menu'",
        "SELECT nombre, total FROM ventas WHERE mes = 3;",
        "CREATE TABLE datos (id INT, valor TEXT);",
        "UPDATE casa SET color = 'rojo' WHERE id = 4",
        "DELETE FROM gatos WHERE nombre = 'Luna';",
        "def suma(a, b): return a + b",
        "const total = precios.reduce((a, b) => a + b, 0);",
        "int main(void) { return numero; }",
        "Max?\nSELECT MAX(precio) FROM productos GROUP BY tienda;",
        "x or y",
        "H2O, NaCl, CO2",
        "A, B, C?\nC",
        "",
        "12 / 4\n3",
    ],
)
def test_code_and_what_is_too_short_to_tell_have_the_default(text: str) -> None:
    assert languages(pa.array([text]), "en", 0.5).to_pylist() == ["en"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("¿Cómo sumo una columna de una tabla con una consulta?\nSELECT SUM(x) FROM t;", "es"),
        ("Wie gibt man in dieser Sprache eine Zeile aus, ohne sie zu beenden?\nprint('Hallo', end='')", "de"),
        ("Comment afficher une ligne sans retour dans ce langage ?\nprint('salut', end='')", "fr"),
        ("Как сложить два числа на этом языке?\ndef f(a, b): return a + b", "ru"),
        ("编写一个程序，打印出所有的偶数。\nfor i in range(10): print(i)", "zh"),
        ("今日は何曜日ですか。\n火曜日です。", "ja"),
        ("오늘은 무슨 요일입니까?", "ko"),
        ("Τι μέρα είναι σήμερα;", "el"),
        ("מה השעה עכשיו?", "he"),
        ("วันนี้วันอะไร", "th"),
        ("Який сьогодні день тижня? Сьогодні вівторок.", "uk"),
        ("Quin dia de la setmana és avui? Avui és dimarts, i demà serà dimecres.", "ca"),
        ("Hvilken dag er det i dag? I dag er det tirsdag, og i morgen er det onsdag.", "da"),
    ],
)
def test_a_language_of_its_own_is_kept(text: str, language: str) -> None:
    assert languages(pa.array([text]), "en", 0.5).to_pylist() == [language]


@pytest.mark.parametrize(
    "text", ["Wat?\nNiets.", "Mis on see?", "Ce faci?", "Котра година?", "Kolik?", "Hva?", "今何時？", "Zer da?"]
)
def test_a_few_words_have_their_language_or_the_default_but_no_third_one(text: str) -> None:
    own = {"W": "nl", "M": "et", "C": "ro", "К": "uk", "K": "cs", "H": "no", "今": "ja", "Z": "eu"}[text[0]]
    assert languages(pa.array([text]), "en", 0.5)[0].as_py() in (own, "en")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id, nombre FROM clientes WHERE activo = 1;",
        "INSERT INTO pedidos (id, total) VALUES (1, 20.5);",
        "ALTER TABLE casas ADD COLUMN color TEXT;",
        "DROP TABLE temporal;",
        "SELECT a.nombre FROM autores a JOIN libros l ON a.id = l.autor_id;",
        "CREATE INDEX idx_fecha ON ventas (fecha);",
        "UPDATE productos SET precio = precio * 1.1;",
        "SELECT * FROM empleados ORDER BY salario DESC LIMIT 5;",
        "SELECT ciudad, AVG(edad) FROM personas GROUP BY ciudad HAVING COUNT(*) > 3;",
        "WITH t AS (SELECT mes FROM gastos) SELECT * FROM t;",
        "CREATE VIEW resumen AS SELECT nombre, total FROM compras;",
        "select nombre from alumnos where nota >= 5",
        "TRUNCATE TABLE registros;",
        "How do I count them?\nSELECT COUNT(*) AS cuenta FROM perros;",
        "BEGIN; UPDATE cuenta SET saldo = saldo - 10 WHERE id = 3; COMMIT;",
    ],
)
def test_a_query_has_no_language_of_its_own(text: str) -> None:
    assert languages(pa.array([text]), "en", 0.5).to_pylist() == ["en"]
