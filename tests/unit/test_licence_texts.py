"""Every licence that the project knows by its class has its text, to be released beside what is under it."""

from reports.licences import texts_of
from texts.licences import CLASSES


def test_every_known_licence_has_its_text() -> None:
    assert [name for name in CLASSES if texts_of(name) != [name]] == []


def test_the_ids_of_an_expression_are_told_apart() -> None:
    assert texts_of("(MIT OR Apache-2.0) AND CC-BY-4.0") == ["MIT", "Apache-2.0", "CC-BY-4.0"]
    assert texts_of("LicenseRef-ours") == texts_of("../../etc/passwd") == []
