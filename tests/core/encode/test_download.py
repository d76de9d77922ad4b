"""Downloads: resumed, checked, whole or not at all, against a server on this machine."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from core.encode.download import download
from core.errors import Cancelled, EncoderError
from core.progress import Progress, Status

WEIGHTS = np.random.default_rng(0).integers(0, 256, 3_000_000, dtype=np.uint8).tobytes()
DIGEST = hashlib.sha256(WEIGHTS).hexdigest()


@dataclass
class Server:
    """Serves WEIGHTS; breaks off after each figure in `breaks`; may not know Range."""

    url: str = ""
    breaks: list[int] = field(default_factory=list)
    ranges: bool = True
    status: list[int] = field(default_factory=list)
    asked: list[str | None] = field(default_factory=list)
    length: bool = True


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            state.asked.append(asked)
            status = state.status.pop(0) if state.status else 200
            if status != 200:
                self.send_error(status)
                return
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and state.ranges else 0
            if start >= len(WEIGHTS):
                self.send_error(416)
                return
            body = WEIGHTS[start:]
            self.send_response(206 if start else 200)
            if start:
                end = len(WEIGHTS)
                self.send_header("Content-Range", f"bytes {start}-{end - 1}/{end}")
            if state.length:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: state.breaks.pop(0)] if state.breaks else body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{http.server_port}/weights.pt"
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield state
    http.shutdown()
    http.server_close()
    thread.join()


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_whole_file_arrives_and_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    target = tmp_path / "deep" / "weights.pt"
    told: list[Status] = []
    download(server.url, target, sha256=DIGEST, progress=Progress(told.append))
    assert target.read_bytes() == WEIGHTS
    assert (told[-1].done, told[-1].total) == (len(WEIGHTS), len(WEIGHTS))
    assert download(server.url, target, sha256=DIGEST) == target
    assert len(server.asked) == 1
    assert _left(target.parent) == ["weights.pt", "weights.pt.sha256"]


def test_broken_transfers_are_taken_up_where_they_broke(server: Server, tmp_path: Path) -> None:
    server.breaks = [1_000_000, 500_000, 0]
    target = download(server.url, tmp_path / "weights.pt", sha256=DIGEST, pause=0)
    assert target.read_bytes() == WEIGHTS
    assert server.asked == [None, "bytes=1000000-", "bytes=1500000-", "bytes=1500000-"]


def test_a_server_without_ranges_is_asked_anew(server: Server, tmp_path: Path) -> None:
    server.breaks, server.ranges = [1_000_000], False
    target = download(server.url, tmp_path / "weights.pt", sha256=DIGEST, pause=0)
    assert target.read_bytes() == WEIGHTS


def test_a_server_without_length_is_held_to_the_digest(server: Server, tmp_path: Path) -> None:
    server.length, server.breaks = False, [2_000_000]
    with pytest.raises(EncoderError, match="nothing was kept"):
        download(server.url, tmp_path / "weights.pt", sha256=DIGEST, pause=0)
    assert _left(tmp_path) == []


def test_giving_up_keeps_what_came_for_the_next_run(server: Server, tmp_path: Path) -> None:
    server.breaks = [700_000, 700_000]
    with pytest.raises(EncoderError, match=r"broke off 2 times.*1400000 bytes are kept"):
        download(server.url, tmp_path / "weights.pt", sha256=DIGEST, attempts=2, pause=0)
    assert _left(tmp_path) == ["weights.pt.part"]
    target = download(server.url, tmp_path / "weights.pt", sha256=DIGEST, pause=0)
    assert target.read_bytes() == WEIGHTS
    assert server.asked[-1] == "bytes=1400000-"


def test_a_wrong_digest_leaves_nothing(server: Server, tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=DIGEST):
        download(server.url, tmp_path / "weights.pt", sha256="0" * 64, pause=0)
    assert _left(tmp_path) == []


def test_what_was_kept_of_a_longer_file_is_dropped(server: Server, tmp_path: Path) -> None:
    (tmp_path / "weights.pt.part").write_bytes(WEIGHTS + b"more")
    target = download(server.url, tmp_path / "weights.pt", sha256=DIGEST, pause=0)
    assert target.read_bytes() == WEIGHTS


def test_not_found_names_the_way_out_at_once(server: Server, tmp_path: Path) -> None:
    server.status = [404]
    with pytest.raises(EncoderError, match=r"404.*give its path as weights"):
        download(server.url, tmp_path / "weights.pt", sha256=DIGEST, pause=0)
    assert len(server.asked) == 1


def test_a_server_in_trouble_is_asked_again(server: Server, tmp_path: Path) -> None:
    server.status = [503, 500]
    target = download(server.url, tmp_path / "weights.pt", sha256=DIGEST, pause=0)
    assert target.read_bytes() == WEIGHTS


def test_no_server_at_all(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="broke off 2 times"):
        download("http://127.0.0.1:9/w.pt", tmp_path / "w.pt", sha256=None, attempts=2, pause=0)


def test_cancelled_in_the_middle_goes_on_later(server: Server, tmp_path: Path) -> None:
    told: list[Status] = []
    cancelled = Progress(told.append, lambda: bool(told) and told[-1].done > 0)
    with pytest.raises(Cancelled):
        download(server.url, tmp_path / "weights.pt", sha256=DIGEST, progress=cancelled)
    assert _left(tmp_path) == ["weights.pt.part"]
    target = download(server.url, tmp_path / "weights.pt", sha256=DIGEST)
    assert target.read_bytes() == WEIGHTS
    assert server.asked[-1] is not None


@pytest.mark.parametrize("published", [DIGEST, None])
def test_a_file_that_changed_on_disk_is_noticed(
    server: Server, tmp_path: Path, published: str | None
) -> None:
    target = download(server.url, tmp_path / "weights.pt", sha256=published)
    assert download(server.url, target, sha256=published) == target
    target.write_bytes(b"\0" + WEIGHTS[1:])
    with pytest.raises(EncoderError, match="damaged or replaced"):
        download(server.url, target, sha256=published)
