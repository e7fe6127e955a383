"""Personal data is found by kind, and everyday numbers are left alone. All of it is invented."""

import pyarrow as pa
import pytest

from spark_jobs.clean.personal import personal_kinds


def kinds(text: str) -> list[str]:
    return personal_kinds(pa.array([text]))[0].as_py()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Write to jo.doe+home@mail.example.org.", "email"),
        ("Call (555) 010-0199 today", "phone"),
        ("Ring 555-010-0199", "phone"),
        ("ask for Jo at 555-0142", "phone"),
        ("+49 30 1234567 is the desk", "phone"),
        ("my mobile number is 0410 787 999", "phone"),
        ("paid with 4111 1111 1111 1111", "card"),
        ("paid with 378282246310005 (Amex)", "card"),
        ("the printer sits at 203.0.113.42", "ip"),
        ("the printer sits at 2001:db8:0:1:1:1:1:1", "ip"),
        ("use sk-test-4f9a8b7c6d5e4f3a2b1c", "key"),
        ("api_key = 'a1b2c3d4e5f6a7b8c9d0'", "key"),
        ("AKIAIOSFODNN7EXAMPLE", "key"),
        ("Telefon: 030 1234567", "phone"),
        ("the host answers on 2001:db8::42:1", "ip"),
        ("-----BEGIN RSA PRIVATE KEY-----", "key"),
    ],
)
def test_found(text: str, kind: str) -> None:
    assert kinds(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "Boil 250 ml at 100 degrees for 10-12 minutes.",
        "The war of 1939-1945 cost 1,000,000 lives",
        "paid with 4111 1111 1111 1112",
        "the serial number 1234567890123456",
        "0000 0000 0000 0000",
        "version 1.2.3.4 is out",
        "listen on 127.0.0.1 or 0.0.0.0, mask 255.255.255.0",
        "300.1.2.3 is no address",
        "@home with an @property",
        "the api key opens the door",
        "the secret key to success is patience and practice",
        "call with 'PB987654321'",
        "12:30:45 on the clock",
        "a number of calls: 1800 - 540 - 500",
        "the ring weighed 0.4166666666666667 grams",
        "+999 12 34567 is no country's number",
        "call std::vec::new or abc::def, face::bed",
        "ISBN 978-3-16-148410-0",
        "",
    ],
)
def test_left_alone(text: str) -> None:
    assert kinds(text) == []


def test_all_kinds_of_a_text_are_named_once_in_order() -> None:
    text = "Mail a@example.org or b@example.org, call 555-0142 from 203.0.113.9"
    assert personal_kinds(pa.array(["nothing", text])).to_pylist() == [[], ["email", "ip", "phone"]]
