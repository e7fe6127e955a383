"""The address of a lake: what each reader makes of it, and the sentence that a wrong one gets."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from buckets import Served, served

from lake.cli.main import guarded
from lake.errors import UserError
from lake.landing.listing import files_under
from lake.storage.places import (
    check_no_credentials,
    is_remote,
    spark_address,
    spark_store_settings,
    told_in_a_sentence,
)
from lake.storage.store import Lake
from lake.storage.uploads import Target
from spark_jobs.session import spark_settings

ROOT = "s3://bucket/lake"
SECRET = "words-nobody-guesses"


@pytest.fixture(autouse=True)
def _own_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "reader")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


@pytest.fixture(params=["NoSuchBucket", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied"])
def refusal(request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    """A server that answers everything with one error, and its port."""

    class Refuses(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"<Error><Code>{request.param}</Code><Message>no</Message></Error>".encode()
            self.send_response(404 if request.param == "NoSuchBucket" else 403)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refuses)
    Thread(target=server.serve_forever, daemon=True).start()
    yield request.param, server.server_port
    server.shutdown()
    server.server_close()


def test_spark_is_told_where_a_store_is_and_no_key() -> None:
    told = spark_store_settings(ROOT) | spark_settings([], "spark://host:7077", "2g")
    assert told["spark.hadoop.fs.s3a.endpoint"] == told["spark.executorEnv.AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"
    assert not [name for name, value in told.items() if SECRET in value or "reader" in value]
    assert spark_store_settings("/data/lake") == spark_store_settings("gs://bucket/lake") == {}
    assert [spark_address(one) for one in (f"{ROOT}/t", "/data/t")] == ["s3a://bucket/lake/t", "/data/t"]
    assert [is_remote(one) for one in (ROOT, "/data/lake")] == [True, False]


@pytest.mark.parametrize("missing", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_an_own_server_without_keys_is_refused_before_it_is_asked(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.delenv(missing)
    with pytest.raises(UserError, match=f"lies on the server http://127.0.0.1:9, and {missing} is not set"):
        Lake(ROOT)


def test_a_scheme_that_no_reader_knows_is_refused() -> None:
    with pytest.raises(UserError, match=r"'ftp://host/lake': a lake is a folder, or lies at s3://, gs://, abfss://"):
        Lake("ftp://host/lake")


@pytest.mark.parametrize(
    "address",
    [
        f"s3://reader:{SECRET}@bucket/lake",
        f"s3://reader:{SECRET}/more@bucket/lake",  # half of all AWS keys have a slash
        f"https://reader:{SECRET}@host/a.jsonl",
        f"https://{SECRET}@host/a.jsonl",
        f"abfss://container:{SECRET}@account.dfs.core.windows.net/lake",
        f"https://host/a.jsonl?X-Amz-Date=1&X-Amz-Signature={SECRET}",
        f"https://host/a.jsonl?sv=1&sig={SECRET}",
    ],
)
def test_an_address_that_holds_credentials_is_refused_and_not_repeated(address: str) -> None:
    for opened in (Lake, Target, lambda one: list(files_under(one))):
        with pytest.raises(UserError, match="Credentials do not belong in an address") as refused:
            opened(address)
        assert SECRET not in str(refused.value)
    assert "download" in str(refused.value)  # of a file to register


@pytest.mark.parametrize(
    "address",
    [
        "s3://bucket/a:b@c",
        "https://host:8080/a@b.jsonl?download=true",
        "abfss://container@account.dfs.core.windows.net/lake",
        "hf://datasets/OWNER/NAME",
        "/data/a:b@c",
    ],
)
def test_an_address_without_credentials_is_none_that_is_refused(address: str) -> None:
    check_no_credentials(address)


def test_what_a_store_refuses_is_told_in_one_sentence(
    refusal: tuple[str, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, port = refusal
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    said = "has no such bucket" if code == "NoSuchBucket" else "refuses the credentials of the environment"

    def asked() -> None:
        with told_in_a_sentence(lambda: ROOT):
            Lake(ROOT).version("silver/groups")

    assert guarded(asked) == 2
    told = capsys.readouterr().err
    assert " ".join(told.split()).startswith(f"{ROOT} cannot be used: http://127.0.0.1:{port} {said}")
    assert SECRET not in told and "Signature=" not in told


def test_a_server_that_does_not_answer_is_told_in_one_sentence() -> None:
    with (
        pytest.raises(UserError, match=r"cannot be used: http://127\.0\.0\.1:9 does not answer"),
        told_in_a_sentence(lambda: ROOT),
    ):
        Lake(ROOT).version("silver/groups")


def test_what_is_put_is_read_again_and_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    with served() as there:
        _at(there, monkeypatch)
        lake = Lake(ROOT)
        lake.put("audits/a.json", b"{}")
        assert (lake.read("audits/a.json"), lake.read("audits/b.json")) == (b"{}", None)
        assert list(there.objects) == ["lake/audits/a.json"]


def _at(there: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in there.environment.items():
        monkeypatch.setenv(name, value)
