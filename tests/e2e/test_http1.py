"""The oracle is strict: each wrong answer here differs from a right one in one
thing, and must be refused."""
import http1
import pytest

DATE = b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
OK = b"HTTP/1.1 200 OK\r\n" + DATE
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def test_reads_an_answer_with_a_length():
    response, rest = http1.parse(
        OK + b"Content-Length: 5\r\nX-A:  b c \r\n\r\nhelloHTTP")
    assert (response.status, response.reason) == (200, "OK")
    assert response.text == "hello"
    assert response.header("x-a") == "b c"
    assert rest == b"HTTP"


def test_reads_a_chunked_answer_with_a_trailer():
    response, rest = http1.parse(
        CHUNKED + b"3\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\nnext")
    assert response.body == b"abc0123456789"
    assert response.trailers == [("X-Sum", "1")]
    assert rest == b"next"


def test_reads_an_answer_that_ends_with_the_connection():
    data = OK + b"Connection: close\r\n\r\nall of it"
    with pytest.raises(http1.Incomplete):
        http1.parse(data)
    response, rest = http1.parse(data, at_eof=True)
    assert response.body == b"all of it" and response.closes and not rest


def test_keeps_interim_answers_apart():
    response, _ = http1.parse(
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n")
    assert response.status == 200
    assert [interim.status for interim in response.interim] == [100]


@pytest.mark.parametrize("status, method", [
    (b"200", "HEAD"), (b"304", "GET"), (b"204", "GET")])
def test_knows_answers_without_a_body(status, method):
    length = b"" if status == b"204" else b"Content-Length: 9\r\n"
    response, rest = http1.parse(
        b"HTTP/1.1 " + status + b" X\r\n" + DATE + length + b"\r\nnext",
        method)
    assert response.body == b"" and rest == b"next"


@pytest.mark.parametrize("data", [
    OK + b"Content-Length: 5\r\n\r\nhello",
    CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"0\r\nA: b\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n",
])
def test_every_beginning_of_an_answer_is_incomplete(data):
    for length in range(len(data)):
        with pytest.raises(http1.Incomplete):
            http1.parse(data[:length], at_eof=True)
    http1.parse(data)


MALFORMED = {
    "another protocol": b"SSH-2.0-x\r\n\r\n",
    "version": b"HTTP/1.0 200 OK\r\n" + DATE + b"Content-Length: 0\r\n\r\n",
    "no space after the status":
        b"HTTP/1.1 200\r\n" + DATE + b"Content-Length: 0\r\n\r\n",
    "status of four digits":
        b"HTTP/1.1 2000 OK\r\n" + DATE + b"Content-Length: 0\r\n\r\n",
    "control in the reason":
        b"HTTP/1.1 200 O\x01K\r\n" + DATE + b"Content-Length: 0\r\n\r\n",
    "bare LF": OK + b"A: b\nContent-Length: 0\r\n\r\n",
    "bare LF throughout": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n\r\n",
    "bare CR": OK + b"A: b\rc\r\nContent-Length: 0\r\n\r\n",
    "NUL in a value": OK + b"A: b\0\r\nContent-Length: 0\r\n\r\n",
    "space before the colon": OK + b"A : b\r\nContent-Length: 0\r\n\r\n",
    "no colon": OK + b"A\r\nContent-Length: 0\r\n\r\n",
    "empty name": OK + b": b\r\nContent-Length: 0\r\n\r\n",
    "folded line": OK + b"A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    "no Date": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "two Dates": OK + DATE + b"Content-Length: 0\r\n\r\n",
    "Date of another form": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
                            b"Date: Sunday, 06-Nov-94 08:49:37 GMT\r\n\r\n",
    "no length": OK + b"\r\nhello",
    "two lengths": OK + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "list of lengths": OK + b"Content-Length: 1, 1\r\n\r\na",
    "signed length": OK + b"Content-Length: +1\r\n\r\na",
    "length and chunked":
        OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "unknown coding": OK + b"Transfer-Encoding: gzip\r\n\r\n",
    "204 with a length":
        b"HTTP/1.1 204 No Content\r\n" + DATE + b"Content-Length: 0\r\n\r\n",
    "204 with chunks": b"HTTP/1.1 204 No Content\r\n" + DATE
                       + b"Transfer-Encoding: chunked\r\n\r\n",
    "100 with a length":
        b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n",
    "chunk size in words": CHUNKED + b"five\r\nhello\r\n0\r\n\r\n",
    "chunk size with 0x": CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n",
    "chunk size with a space": CHUNKED + b"5 \r\nhello\r\n0\r\n\r\n",
    "empty chunk size": CHUNKED + b"\r\nhello\r\n0\r\n\r\n",
    "bare LF after a chunk size": CHUNKED + b"5\nhello\r\n0\r\n\r\n",
    "chunk longer than its size": CHUNKED + b"4\r\nhello\r\n0\r\n\r\n",
    "malformed trailer": CHUNKED + b"0\r\nA : b\r\n\r\n",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_refuses(data):
    with pytest.raises(http1.Malformed):
        http1.parse(data, at_eof=True)
