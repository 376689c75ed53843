"""Bodies over the wire: examples/upload and examples/rest, with curl and with
clients that go in the middle."""
import gzip
import json
import os
import signal
import subprocess
import zlib

import harness
import pytest
from harness import wait_for

MIB = 1024 * 1024


def curl(*args):
    """Runs curl; (status, body)."""
    done = subprocess.run(
        ["curl", "-sS", "--max-time", "40", "-w", "\n%{http_code}", *args],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr
    body, _, status = done.stdout.rpartition(b"\n")
    return int(status), body


@pytest.fixture
def uploads(start_app, tmp_path):
    """The upload app in two workers; its folder is `folder`."""
    folder = tmp_path / "files"
    server = start_app("upload", "-n", "2", env={"UPLOAD_DIR": folder})
    server.wait_ready(2)
    server.folder = folder
    server.url = f"http://127.0.0.1:{server.port}"
    return server


@pytest.fixture
def rest(start_app):
    """The notes, in one worker."""
    server = start_app("rest", "-n", "1")
    server.wait_ready(1)
    server.url = f"http://127.0.0.1:{server.port}"
    return server


# Files.

def test_a_file_is_sent_and_fetched(uploads, tmp_path):
    content = os.urandom(5 * MIB + 123)
    source = tmp_path / "Ferien März.bin"
    source.write_bytes(content)
    status, body = curl("-F", f"file=@{source}", "-F", "title=Hütte",
                        uploads.url + "/files")
    assert status == 201, body
    answer = json.loads(body)
    assert answer["title"] == "Hütte"
    [file] = answer["files"]
    assert file["filename"] == "Ferien März.bin"
    assert file["bytes"] == len(content)
    status, fetched = curl(uploads.url + file["path"])
    assert status == 200
    assert fetched == content
    assert [path.name for path in uploads.folder.iterdir()] == [
        file["path"].rpartition("/")[2]]


def test_several_files_of_all_sizes(uploads, tmp_path):
    args = []
    sizes = [0, 1, 100, 32768, 65536, 65537, 300000]
    for size in sizes:
        path = tmp_path / f"{size}"
        path.write_bytes(b"\r\n--" * (size // 4) + b"-" * (size % 4))
        args += ["-F", f"file=@{path};type=text/x-{size}"]
    status, body = curl(*args, uploads.url + "/files")
    assert status == 201, body
    files = json.loads(body)["files"]
    assert [file["bytes"] for file in files] == sizes
    assert [file["type"] for file in files] == [f"text/x-{n}" for n in sizes]
    for file in files:
        name = file["path"].rpartition("/")[2]
        assert (uploads.folder / name).stat().st_size == file["bytes"]


def test_a_file_that_is_too_large_is_refused(uploads, tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(65 * MIB)
    done = subprocess.run(
        ["curl", "-sS", "--max-time", "40", "-o", "/dev/null", "-w",
         "%{http_code}", "-F", f"file=@{path}", uploads.url + "/files"],
        stdout=subprocess.PIPE, check=False)
    assert done.stdout == b"413"
    assert list(uploads.folder.iterdir()) == []


def head(length):
    return (f"POST /files HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n"
            "Content-Type: multipart/form-data; boundary=B\r\n\r\n"
            "--B\r\nContent-Disposition: form-data; name=\"file\"; "
            "filename=\"x\"\r\n\r\n").encode()


def temporary_files(server):
    """Files without a name in the folder that workers have open."""
    found = []
    for pid in server.workers():
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(f"/proc/{pid}/fd/{fd}")
            except OSError:
                continue
            if target.startswith(str(server.folder)):
                found.append(target)
    return found


def test_a_client_that_goes_leaves_no_file(uploads):
    for leave in ("close", "reset"):
        client = uploads.connect()
        client.send(head(10 * MIB), b"x" * MIB)
        wait_for(lambda: temporary_files(uploads), "a file being written")
        getattr(client, leave)()
        wait_for(lambda: not temporary_files(uploads), "the file to be closed")
        assert list(uploads.folder.iterdir()) == []


def test_a_worker_that_dies_leaves_no_file(uploads):
    client = uploads.connect()
    client.send(head(10 * MIB), b"x" * MIB)
    wait_for(lambda: temporary_files(uploads), "a file being written")
    before = uploads.workers()
    for pid in before:
        uploads.send_signal(signal.SIGKILL, pid)
    uploads.wait_workers(2, before)
    client.close()
    assert list(uploads.folder.iterdir()) == []


# Codings.

def test_a_body_in_gzip_is_read(rest, tmp_path):
    path = tmp_path / "body"
    for coding, data in (("gzip", gzip.compress(b'{"text":"packed"}')),
                         ("deflate", zlib.compress(b'{"text":"packed"}'))):
        path.write_bytes(data)
        status, body = curl("--data-binary", f"@{path}", "-H",
                            "Content-Type: application/json", "-H",
                            f"Content-Encoding: {coding}", rest.url + "/notes")
        assert status == 201, body
        assert json.loads(body)["text"] == "packed"


def test_a_bomb_is_cut_at_the_limit(rest, tmp_path):
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(b'{"text":"' + b"a" * 20 * MIB))
    before = [resident(pid) for pid in rest.workers()]
    status, _ = curl("--data-binary", f"@{path}", "-H", "Expect:", "-H",
                     "Content-Type: application/json", "-H",
                     "Content-Encoding: gzip", rest.url + "/notes")
    assert status == 413
    after = [resident(pid) for pid in rest.workers()]
    assert len(before) == len(after) == 1
    assert after[0] - before[0] < 10 * MIB


def resident(pid):
    """Bytes of memory of a process."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_errors_are_told_in_json(rest):
    status, body = curl("-d", "{", "-H", "Content-Type: application/json",
                        "-H", "Accept: application/json", rest.url + "/notes")
    assert status == 400
    assert json.loads(body)["code"] == "entity.parse.failed"


def test_the_examples_can_be_listed():
    for name in ("rest", "upload"):
        done = harness.command("routes", harness.EXAMPLES / f"{name}.so",
                               env={"UPLOAD_DIR": "/tmp"})
        assert done.returncode == 0, done.stderr
