"""A bucket on loopback that speaks as much of S3 as leases need: put where nothing is, get, list, remove."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape, unescape

from obstore.store import S3Store

_ITEM = '<Contents><Key>{}</Key><Size>{}</Size><ETag>"e"</ETag><LastModified>2024-05-17T09:30:00.000Z</LastModified></Contents>'


class _Bucket(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = (
        True  # an answer is sent in two parts: the second would wait for the first one to be acknowledged
    )
    objects: dict[str, bytes]
    lock: Lock

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
            (prefix,) = query.get("prefix", [""])
            with self.lock:
                found = [(key, len(body)) for key, body in sorted(self.objects.items()) if key.startswith(prefix)]
            items = "".join(_ITEM.format(escape(key), size) for key, size in found)
            self._answer(200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{items}</ListBucketResult>".encode())
        else:
            body = self.objects.get(self.key)
            self._answer(404 if body is None else 200, body or b"")

    def do_POST(self) -> None:
        named = re.findall("<Key>(.*?)</Key>", self.rfile.read(int(self.headers["content-length"])).decode())
        with self.lock:
            for key in named:
                self.objects.pop(unescape(key), None)
        self._answer(200, b"<DeleteResult></DeleteResult>")

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("etag", '"e"')
        self.send_header("last-modified", "Fri, 17 May 2024 09:30:00 GMT")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not worth a line each."""


@contextmanager
def bucket() -> Iterator[S3Store]:
    """An empty bucket, there while the block runs."""
    handler = type("Bucket", (_Bucket,), {"objects": {}, "lock": Lock()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield S3Store(
            "bucket",
            endpoint=f"http://127.0.0.1:{server.server_port}",
            region="local",
            skip_signature=True,
            client_options={"allow_http": True},
        )
    finally:
        server.shutdown()
        server.server_close()
