"""A bucket on loopback that speaks as much of S3 as leases, plans and small files need, and keeps what it was asked: put where nothing is, get,
list, remove."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape, unescape

from obstore.store import S3Store

_PAGE = 1000  # objects that one listing names, as S3's do
_ITEM = '<Contents><Key>{}</Key><Size>{}</Size><ETag>"e"</ETag><LastModified>2024-05-17T09:30:00.000Z</LastModified></Contents>'


@dataclass
class Served:
    """A bucket that is being served: its objects by key, and the method and key, or prefix, of each request."""

    port: int = 0
    objects: dict[str, bytes] = field(default_factory=dict[str, bytes])
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find it."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "reader",
            "AWS_SECRET_ACCESS_KEY": "words",
        }


class _Bucket(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = (
        True  # an answer is sent in two parts: the second would wait for the first one to be acknowledged
    )
    served: Served
    lock: Lock

    @property
    def objects(self) -> dict[str, bytes]:
        return self.served.objects

    @property
    def key(self) -> str:
        return unquote(urlsplit(self.path).path).partition("/bucket/")[2]

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        with self.lock:
            taken = self.headers.get("if-none-match") == "*" and self.key in self.objects
            if not taken:
                self.objects[self.key] = body
        self._answer(412 if taken else 200)

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            self._list({name: value for name, (value,) in query.items()})
        else:
            self.served.asked.append(("GET", self.key))
            body = self.objects.get(self.key)
            self._answer(404 if body is None else 200, self._asked_for(body or b""))

    def do_HEAD(self) -> None:
        self.served.asked.append(("HEAD", self.key))
        body = self.objects.get(self.key)
        self._answer(404 if body is None else 200, body or b"")

    def _asked_for(self, body: bytes) -> bytes:
        first, _, last = self.headers.get("range", "bytes=0-").removeprefix("bytes=").partition("-")
        return body[int(first) : int(last) + 1 if last else None]

    def _list(self, query: dict[str, str]) -> None:
        prefix = query.get("prefix", "")
        self.served.asked.append(("LIST", prefix))
        after = max(query.get("start-after", ""), query.get("continuation-token", ""))
        with self.lock:
            found = sorted(
                (key, len(body)) for key, body in self.objects.items() if key.startswith(prefix) and key > after
            )
        page, more = found[:_PAGE], len(found) > _PAGE
        items = "".join(_ITEM.format(escape(key), size) for key, size in page)
        told = f"<NextContinuationToken>{escape(page[-1][0])}</NextContinuationToken>" if more else ""
        counted = f"<KeyCount>{len(page)}</KeyCount><IsTruncated>{str(more).lower()}</IsTruncated>"
        answer = f"<ListBucketResult>{counted}{told}{items}</ListBucketResult>"
        self._answer(200, answer.encode())

    def do_POST(self) -> None:
        named = re.findall("<Key>(.*?)</Key>", self.rfile.read(int(self.headers["content-length"])).decode())
        with self.lock:
            for key in named:
                self.objects.pop(unescape(key), None)
        gone = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in named)
        self._answer(200, f"<DeleteResult>{gone}</DeleteResult>".encode())

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("etag", '"e"')
        self.send_header("last-modified", "Fri, 17 May 2024 09:30:00 GMT")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not worth a line each."""


@contextmanager
def served() -> Iterator[Served]:
    """An empty bucket, `s3://bucket`, there while the block runs."""
    there = Served()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bucket", (_Bucket,), {"served": there, "lock": Lock()}))
    there.port = server.server_port
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield there
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def bucket() -> Iterator[S3Store]:
    """An empty bucket, as obstore opens it, there while the block runs."""
    with served() as there:
        yield S3Store(
            "bucket",
            endpoint=f"http://127.0.0.1:{there.port}",
            region="local",
            skip_signature=True,
            client_options={"allow_http": True},
        )
