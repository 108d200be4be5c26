"""STUN messages against aioice's implementation, and against bytes from nowhere."""

from __future__ import annotations

import secrets

import pytest
from aioice import stun as foreign
from hypothesis import given
from hypothesis import strategies as st

from sfu import stun
from sfu.net.address import pack_address

KEY = b"a password of the local end"


def foreign_request(key: bytes = KEY) -> bytes:
    message = foreign.Message(foreign.Method.BINDING, foreign.Class.REQUEST)
    message.attributes["USERNAME"] = "local:remote"
    message.attributes["PRIORITY"] = 1_845_501_695
    message.attributes["ICE-CONTROLLING"] = 0x0102030405060708
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(key)
    return bytes(message)


def test_a_foreign_request_is_read() -> None:
    """G44: username, nomination and integrity as another implementation writes them (RFC 8489 §14)."""
    message = stun.parse(foreign_request())
    assert message.kind == stun.BINDING_REQUEST
    assert message.username == "local:remote"
    assert stun.USE_CANDIDATE in message.attributes
    assert message.fingerprint_ok is True
    assert stun.verify_integrity(message, KEY)
    assert not stun.verify_integrity(message, KEY + b"!")
    assert message.unknown_required == []


@pytest.mark.parametrize(("host", "port"), [("203.0.113.9", 51_234), ("2001:db8::9", 1)])
def test_a_foreign_agent_reads_the_response(host: str, port: int) -> None:
    """RFC 8489 §14.2: XOR-MAPPED-ADDRESS in both families, with integrity and fingerprint that check out."""
    transaction = secrets.token_bytes(12)
    mapped = stun.xor_mapped_address(pack_address(host, port), transaction)
    message = foreign.parse_message(stun.build(stun.BINDING_SUCCESS, transaction, [mapped], KEY))
    assert message.transaction_id == transaction
    assert message.attributes["XOR-MAPPED-ADDRESS"] == (host, port)
    own = stun.parse(stun.build(stun.BINDING_SUCCESS, transaction, [mapped], KEY))
    assert own.fingerprint_ok is True
    assert stun.verify_integrity(own, KEY)


def test_an_error_response_carries_its_code() -> None:
    """RFC 8489 §14.8: class and number of the code."""
    raw = stun.build(stun.BINDING_ERROR, bytes(12), [stun.error_code(487, "Role Conflict")], KEY)
    assert foreign.parse_message(raw).attributes["ERROR-CODE"] == (487, "Role Conflict")


def test_the_test_vector_of_rfc_5769() -> None:
    """RFC 5769 §2.1: the sample request, its integrity and its fingerprint."""
    raw = bytes.fromhex(
        "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74"
        "002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020"
        "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf"
    )
    message = stun.parse(raw)
    assert message.username == "evtj:h6vY"
    assert message.fingerprint_ok is True
    assert stun.verify_integrity(message, b"VOkJxbRl1RmTxUk/WvJxBt")


def test_what_comes_after_the_integrity_counts_for_nothing() -> None:
    """RFC 8489 §14.5: an attacker cannot append USE-CANDIDATE to a request that he saw."""
    request = stun.build(stun.BINDING_REQUEST, bytes(12), [(stun.USERNAME, b"a:b")], KEY)
    unsigned = request[:-8]
    appended = unsigned + b"\x00\x25\x00\x00"
    message = stun.parse(appended[:2] + (len(appended) - 20).to_bytes(2, "big") + appended[4:])
    assert stun.USE_CANDIDATE not in message.attributes
    assert stun.verify_integrity(message, KEY)


@given(st.integers(0, 2_000), st.integers(1, 255))
def test_any_changed_byte_is_noticed(position: int, change: int) -> None:
    """A request with one byte changed is malformed, or fails its fingerprint, or fails its integrity."""
    raw = bytearray(foreign_request())
    raw[position % len(raw)] ^= change
    try:
        message = stun.parse(bytes(raw))
    except stun.MalformedStun:
        return
    assert not (message.fingerprint_ok is True and stun.verify_integrity(message, KEY))


@given(st.binary(max_size=200))
def test_noise_is_malformed_and_nothing_else(noise: bytes) -> None:
    """Fuzz: bytes from nowhere never raise anything but MalformedStun."""
    with pytest.raises(stun.MalformedStun):
        stun.parse(noise)


@given(st.binary(max_size=180).map(lambda body: body + bytes(-len(body) & 3)))
def test_noise_behind_a_good_header(body: bytes) -> None:
    """Fuzz: any attributes behind a well-formed header are read or refused."""
    raw = b"\x00\x01" + len(body).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + bytes(12) + body
    try:
        message = stun.parse(raw)
    except stun.MalformedStun:
        return
    assert isinstance(message.username, str)
    assert not stun.verify_integrity(message, KEY)
    assert isinstance(message.unknown_required, list)
