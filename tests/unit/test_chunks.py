"""The chunked transfer coding, however the bytes are cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import ProtocolError

from kubewright.transport.chunks import Dechunker


def wire(chunks: list[bytes], trailers: bytes = b"") -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n" + trailers + b"\r\n"


@given(
    chunks=st.lists(st.binary(min_size=1, max_size=40), max_size=8),
    cuts=st.lists(st.integers(0, 400), max_size=12),
    trailers=st.sampled_from([b"", b"X-Sum: 1\r\n", b"A: b\r\nC: d\r\n"]),
)
def test_payload_is_the_same_however_the_bytes_are_cut(chunks: list[bytes], cuts: list[int], trailers: bytes) -> None:
    data = wire(chunks, trailers)
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    dechunker = Dechunker()
    got = b""
    for start, end in itertools.pairwise(edges):
        assert not dechunker.ended
        got += b"".join(dechunker.feed(data[start:end]))
    assert got == b"".join(chunks)
    assert dechunker.ended
    assert dechunker.rest == b""


@given(
    count=st.integers(1, 12), size=st.integers(1, 20), tail=st.binary(max_size=19), cuts=st.lists(st.integers(0, 400))
)
def test_many_chunks_of_one_size_give_their_payload_too(count: int, size: int, tail: bytes, cuts: list[int]) -> None:
    # as an API server sends a list: chunks of 2 kB, and a shorter last one
    chunks = [bytes([65 + i]) * size for i in range(count)] + ([tail] if tail else [])
    data = wire(chunks)
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    dechunker = Dechunker()
    got = b"".join(b"".join(dechunker.feed(data[start:end])) for start, end in itertools.pairwise(edges))
    assert got == b"".join(chunks)
    assert dechunker.ended


def test_all_chunks_of_one_read_come_as_one_piece() -> None:
    assert b"".join(Dechunker().feed(b"3\r\nabc\r\n2\r\nde\r\n")) == b"abcde"


def test_part_of_a_chunk_is_handed_on_at_once() -> None:
    dechunker = Dechunker()
    assert b"".join(dechunker.feed(b"6\r\nabc")) == b"abc"
    assert b"".join(dechunker.feed(b"def\r")) == b"def"
    assert b"".join(dechunker.feed(b"\n1\r\nx")) == b"x"


def test_extensions_and_upper_case_sizes_are_understood() -> None:
    assert b"".join(Dechunker().feed(b"A;name=value\r\n0123456789\r\n")) == b"0123456789"


def test_what_comes_after_the_end_is_kept_apart() -> None:
    dechunker = Dechunker()
    assert b"".join(dechunker.feed(b"1\r\na\r\n0\r\n\r\nHTTP/1.1 200")) == b"a"
    assert dechunker.ended
    assert dechunker.rest == b"HTTP/1.1 200"


@pytest.mark.parametrize(
    "data",
    [b"zz\r\nabc\r\n", b"-1\r\n\r\n", b"\r\nabc", b"2\r\nabc\r\n", b"x" * 20_000],
    ids=lambda data: repr(data[:12]),
)
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        Dechunker().feed(data)
