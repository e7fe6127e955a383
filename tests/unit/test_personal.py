"""Personal data is found by kind, and everyday numbers are left alone. All of it is invented."""

import pyarrow as pa
import pytest

from spark_jobs.recognisers.personal import masked, personal_kinds


def kinds(text: str) -> list[str]:
    return personal_kinds(pa.array([text]))[0].as_py()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Write to jo.doe+home@mail.example.org.", "email"),
        ("Schreib an jörg.ä@müller.example.org.", "email"),
        ("Schreib an ö@übung.example.org.", "email"),
        ("Call (555) 010-0199 today", "phone"),
        ("Ring 555-010-0199", "phone"),
        ("ask for Jo at 555-0142", "phone"),
        ("+49 30 1234567 is the desk", "phone"),
        ("my mobile number is 0410 787 999", "phone"),
        ("paid with 5293 1838 4427 0065", "card"),
        ("paid with 344920186715532 (Amex)", "card"),
        ("the printer sits at 57.122.14.9", "ip"),
        ("the printer sits at 2a02:8108:0:1:1:1:1:1", "ip"),
        ("use sk-test-4f9a8b7c6d5e4f3a2b1c", "key"),
        ("api_key = 'a1b2c3d4e5f6a7b8c9d0'", "key"),
        ("AKIAJ4QX2MWV7RZT5LQA", "key"),
        ("Telefon: 030 1234567", "phone"),
        ("the host answers on 2a02:8108::42:1", "ip"),
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
    text = "Mail a@example.org or b@example.org, call 555-0142 from 57.122.14.9"
    assert personal_kinds(pa.array(["nothing", text])).to_pylist() == [[], ["email", "ip", "phone"]]


@pytest.mark.parametrize(
    "text",
    [
        # versions, sections, releases
        "Install release 21.4.0.7 of the scanner driver.",
        "The header says nginx-like engine v3.8.20.1.",
        "See clause 4.2.10.3 of the standard.",
        "§ 12.3.1.4 governs this.",
        "The change came between 2.7.18.1 and 2.7.18.4 of the module.",
        "Opera/99.0.51.60 was seen in the log line of the browser.",
        "BIOS 1.14.22.3 supports it.",
        "Upgrade from 57.1.20.9 to 58.0.0.3 first.",
        "pip install scanner==4.10.11.12",
        "scanner-9.12.140.2.tar.gz",
        "Table 2.1.3.4 lists them.",
        "Chapter 7 has 7.1.2.3 and 7.1.2.4.",
        # of nobody: private, shared, local, reserved, masks, networks, resolvers
        "The printer answers at 10.20.30.40 in our house.",
        "172.16.5.4 and 172.31.255.1 stay inside.",
        "169.254.7.7 is given out where nobody answers.",
        "100.64.3.2 belongs to the carrier.",
        "The mask is 255.255.240.0 and its wildcard 0.0.15.255.",
        "The network 57.122.0.0/16 has 65,536 addresses.",
        "Ask 9.9.9.9 or 208.67.222.222 instead.",
        "2606:4700:4700::1111 resolves names.",
        "fe80::1ff:fe23:4567:890a is of the link.",
        "Packets for 224.0.0.251 go to all.",
        "The RFC uses 198.51.100.24 throughout.",
        "Say a host has 192.0.2.15 and another 2001:db8::7:1.",
        "Time codes run from 10:20:30:04 to 10:21:00:00.",
        "std::map::value_type and a::b::c are names.",
        "MAC 00:1A:2B:3C:4D:5E",
        # numbers that are no cards
        "It is 4503599627370496 exactly.",
        "Order 5293183844270065 was sent.",
        "Parcel 5293 1838 4427 0065 is late.",
        "The IMEI is 5293183844270065.",
        "It took 4539578763621486 nanoseconds.",
        "Its id is 45395787-6362-1486-a1b2-c3d4e5f60718.",
        "The sum equals 0.4539578763621486 or -12.4539578763621486.",
        "Test with 5555 5555 5555 4444 or 3782 822463 10005.",
        "The sandbox takes 4539 5787 6362 1486 only as a test.",
        "6011000000000000 and 4000000000000002 are round.",
        "hash a4539578763621486b",
        "Snowflake 4539578763621486 was deleted.",
        "ISBN 4539578763621486",
        # dates, counts and orders that are no telephones
        "The call of 2021-03-15 lasted an hour.",
        "They phoned on 15.03.2021 at noon.",
        "The call stack used 1048576 bytes.",
        "Call it 20210315 in the file name.",
        "The phone was released 2019-2020.",
        "Phones sold: 1 250 000 units",
        "Mobile traffic grew to 4 200 000 people.",
        "Dial back 33554432 bytes of it.",
        "Invoice 415-555-2671",
        "Tracking number: 312-486-5309",
        "x = 7 +49 301 2345",
        "The cell has 3.14159265 volts.",
        "ring 10.30 - 11.45",
        "Films show numbers such as 555-0123.",
        "Use +1 500 555 0006 in the test of the gateway.",
        "The drama number 020 7946 0123 rings nowhere.",
        "Write it like 123-456-7890.",
        "The profit per phone is $1000 / 200 phones",
        "A phone costs $ 1234567 there",
        "The call number is 978-0-306-40615-7",
        "(555) 555-5555 is a placeholder",
        # what looks like mail, and what stands for a key
        "icon@2x.png and icon@3x.jpg",
        "git clone git@host.example:team/repo.git",
        "y = X@W.transpose()",
        "api_key = 'YOUR_API_KEY_HERE_123'",
        "export SECRET_KEY=xxxxxxxxxxxxxxxxxxxx1",
        "AKIAIOSFODNN7EXAMPLE",
        "class='sk-loading-spinner-container'",
    ],
)
def test_what_identifies_nobody_is_not_marked(text: str) -> None:
    assert kinds(text) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("She logged in from 57.122.14.9 at noon.", "ip"),
        ("My address on the network is 5.7.9.11, I think.", "ip"),
        ("The visitor came from 198.51.100.24 last night.", "ip"),
        ("His machine answers at 192.0.2.15.", "ip"),
        ("ssh root@57.122.14.9", "ip"),
        ("http://57.122.14.9/login", "ip"),
        ("Blocked: 57.122.14.9", "ip"),
        ("87.122.14.91", "ip"),
        ("He uses version 4.2 and came from 87.122.14.91.", "ip"),
        ("2a02:8108:4b:1:9c2e:77:1:5 is where she is", "ip"),
        ("The card is 5293-1838-4427-0065, I pay now.", "card"),
        ("Charge my Visa 4539578763621486 please", "card"),
        ("5293 1838 4427 0065", "card"),
        ("3449 201867 15532 is my Amex", "card"),
        ("credit card: 5293183844270065, cvv 123", "card"),
        ("Kreditkarte 4539 5787 6362 1486", "card"),
        ("My number is 415-867-2671.", "phone"),
        ("Call her on +44 20 7183 8750", "phone"),
        ("Tel. 0171 2345678", "phone"),
        ("Her phone number is (312) 486-5309", "phone"),
        ("Call Ann at 555-0123", "phone"),
        ("WhatsApp: +91 98203 45671", "phone"),
        ("Reach me at 312.486.5309 after 2021-03-15", "phone"),
        ("fax: 030 4567890", "phone"),
        ("Telefon: 030/45678901", "phone"),
        ("请打我的手机13912345678。", "phone"),
        ("ann.lee@mail.example", "email"),
        ("mailto:ann_lee+shop@post.example.net?subject=x", "email"),
        ("<ann@lee.example>, git@host.example", "email"),
        ("token ghp_16C7e42F292c6912E7710c838347Ae178B4a", "key"),
        ("auth token: 9f86d081884c7d659a2f", "key"),
        ("AIzaSyD4kR7wQ2m9XcV1bN8tJ5hG3fL6pZ0yUoE", "key"),
    ],
)
def test_what_identifies_somebody_stays_marked(text: str, kind: str) -> None:
    assert kinds(text) == [kind]


# numbers of nobody, by what they are
NOBODYS = {
    "versions": [
        "The driver is at 12.0.4.211 since Monday.", "Chrome/119.0.6045.105 Safari/537.36", "Use openssl-3.0.11.1 or later.", "lib v0.9.12.4 breaks it",
        "Build 10.0.19045.3803 of it", "firmware 7.2.11.45 was pulled", "Requires: kernel >= 5.15.0.91", "Version: 6.4.2.18", "The plug-in (ver. 2.13.4.2) crashes.",
        "It worked in 8.1.0.22 but not in 8.1.0.23 of the app.", "npm i tool@4.17.21.3", "app_3.4.5.6.deb", "<Version>1.0.3.44</Version>",
    ],
    "sections": [
        "in clause 5.3.1.2 of the contract", "Section 14.2.3.1 defines it.", "Chapter 2, 2.3.4.1: Soil", "Article 12.1.3.2 applies.", "Fig. 4.2.1.3 shows it.",
        "Annex 1.2.3.4 is void.", "§ 8.2.1.1 and § 8.2.1.2", "paragraph 4.4.2.9 says so", "Rule 10.2.3.4 of the game", "Requirement 3.2.1.7 is met.", "Kapitel 3.2.1.4 beschreibt es.",
        "Theorem 3.4.2.1 holds.",
    ],
    "private addresses": [
        "10.0.0.7 is my printer", "Try 192.168.178.1 in the browser.", "The range is 172.20.0.1 to 172.20.255.254.", "ping 127.0.0.53", "Server on 10.1.2.3:8080",
        "fd12:3456:789a::1 is local", "It fell back to 169.254.10.20.", "::1 is the machine itself", "docker uses 172.17.0.2", "0.0.0.0:5000", "ssh pi@192.168.4.20",
    ],
    "documentation addresses": [
        "Let the host be 192.0.2.44 in this example.", "198.51.100.7 stands for the server.", "Suppose 203.0.113.9 connects.", "RFC 5737 sets 203.0.113.0/24 aside.",
        "ip route add 198.51.100.0/24 via 192.0.2.1", "2001:db8::1 is used in books", "ping 2001:db8:85a3::8a2e:370:7334", "The example uses 203.0.113.77:443.",
        'address = "192.0.2.200" in the sample file', "for example 198.51.100.23", "nameserver 203.0.113.53 # example", "e.g. http://192.0.2.10/index.html",
    ],
    "powers of two": [
        "2^53 is 9007199254740992.", "It is 1125899906842624 bytes.", "281474976710656 addresses", "The product is 18014398509481984.", "2**50 = 1125899906842624",
        "562949953421312 is half of it", "It wraps at 9223372036854775807.", "The next is 2251799813685248.", "36028797018963968 and 72057594037927936", "140737488355328",
        "max 18446744073709551615",
    ],
    "published test cards": [
        "Use 4242 4242 4242 4242 in the sandbox.", "4111111111111111 always passes", "Test with 5555555555554444", "Amex test: 378282246310005", "6011111111111117 (Discover)",
        "3530 1113 3330 0000 for JCB", "30569309025904 is the Diners one", "4000 0025 0000 3155 asks for a check", "5105 1051 0510 5100", "4012888888881881", "2223003122003222",
    ],
    "dates": [
        "The call was on 12.03.2021.", "Call date: 2022-11-05", "phoned 05/11/2022 at 9", "He called on 3 4 2019", "mobile launch 01-02-2020", "phone log 20220413 081500",
        "Tel Aviv, 14.05.1948", "ring at 10:15 on 2021/06/07", "The telephone was patented 07.03.1876", "mobile: released 2020-09-18", "phone history 1876 1915 1927",
    ],
    "counts of bytes": [
        "The phone has 134217728 bytes.", "call size 65536000 bytes", "Mobile cache: 1073741824 B", "The call used 4 194 304 bytes", "fax file of 2097152 octets",
        "phone storage 128000000000", "Call it with a buffer of 8388608 bytes.", "dial-up moved 5 600 000 bytes", "mobile data 2147483648 bytes", "cell size 268435456 bytes",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("what", "text"), [(what, text) for what, texts in NOBODYS.items() for text in texts])
def test_numbers_of_nobody_are_not_marked(what: str, text: str) -> None:
    assert kinds(text) == [], what


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Write to jo.doe+home@mail.example.org, or to a@b.example!", "Write to [email], or to [email]!"),
        ("Call her on +44 20 7183 8750.", "Call her on [phone]."),
        ("mobile: +44 20 7183 8750", "mobile: [phone]"),
        ("credit card: 5293183844270065, cvv 123", "credit card: [card], cvv 123"),
        ("ssh root@57.122.14.9", "ssh root@[ip]"),
        ("api_key = 'a1b2c3d4e5f6a7b8c9d0'", "api_key = '[key]'"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----\nkeep it", "[key]\nkeep it"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEow", "[key]"),
    ],
)
def test_what_is_masked_is_gone_and_nothing_else(text: str, left: str) -> None:
    assert masked(pa.array(["before", text])).to_pylist() == ["before", left]
    assert kinds(left) == []


@pytest.mark.parametrize("what", NOBODYS)
def test_numbers_of_nobody_are_not_masked(what: str) -> None:
    texts = pa.array(NOBODYS[what])
    assert masked(texts).to_pylist() == NOBODYS[what]


# what stands in mathematics and code, and has a length or a form of something personal
_FIGURES = [
    "f(x) = 3.14159265 x^2 + 2718281828",
    "a[0:4] = 16777216 / 4096",
    "id: 4539578763621486, uuid 1b4e28ba-2fa1-11d2-883f-0016d3cca427",
]
_FIGURES += [
    "sum_{i=1}^{100} i = 5050, 100! has 158 digits",
    "sha1 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
    "1/7 = 0.142857142857142857",
]


@pytest.mark.parametrize("text", _FIGURES)
def test_mathematics_and_ids_are_of_nobody(text: str) -> None:
    assert kinds(text) == [] and masked(pa.array([text])).to_pylist() == [text]
