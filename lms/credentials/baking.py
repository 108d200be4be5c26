"""A credential inside a picture (Open Badges 3.0 section 5.3): an `iTXt` chunk of a PNG, an element of an SVG."""

from __future__ import annotations

import struct
import zlib
from xml.sax.saxutils import quoteattr

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"openbadgecredential"
NAMESPACE = "https://purl.imsglobal.org/spec/ob/v3p0"
_ELEMENT = f"{{{NAMESPACE}}}credential"
MOST_CREDENTIAL_BYTES = 1024 * 1024


class NotBaked(ValueError):  # noqa: N818 - an answer about somebody's file
    """There is no credential in this picture, or the picture is damaged; the sentence says which."""


def into_png(picture: bytes, credential: str) -> bytes:
    """The picture with the credential (JSON or compact JWS) in it, right after its header."""
    if not picture.startswith(PNG_SIGNATURE):
        raise NotBaked("It is no PNG picture.")
    # keyword, 0; compression flag and method; language and translated keyword, both empty; the text in UTF-8
    text = _chunk(b"iTXt", KEYWORD + b"\0\0\0\0\0" + credential.encode())
    header_ends = len(PNG_SIGNATURE) + 25
    return picture[:header_ends] + text + picture[header_ends:]


def from_png(picture: bytes) -> str:
    """The credential. Raises `NotBaked`, also where there are two: readers would not agree which one counts."""
    found: list[str] = []
    place = len(PNG_SIGNATURE)
    while place + 12 <= len(picture):
        (length,) = struct.unpack_from(">I", picture, place)
        kind, data = picture[place + 4 : place + 8], picture[place + 8 : place + 8 + length]
        place += 12 + length
        if place > len(picture):
            break
        if kind == b"iTXt" and data.startswith(KEYWORD + b"\0"):
            if zlib.crc32(kind + data) != struct.unpack_from(">I", picture, place - 4)[0]:
                raise NotBaked("The credential in the picture is damaged.")
            found.append(_text_of(data))
        if kind == b"IEND":
            break
    return _the_one(found)


def into_svg(picture: str, credential: str) -> str:
    """The picture with the credential in it, right after the opening tag."""
    begin = picture.index("<svg") + len("<svg")
    end = picture.index(">", begin)
    if credential.lstrip().startswith("{"):
        # A CDATA section ends at the first ]]>, which JSON may hold only inside of strings.
        inside = credential.replace("]]>", "]]\\u003e")
        inner = f"<openbadges:credential><![CDATA[{inside}]]></openbadges:credential>"
    else:
        inner = f"<openbadges:credential verify={quoteattr(credential)}/>"
    return f'{picture[:begin]} xmlns:openbadges="{NAMESPACE}"{picture[begin : end + 1]}{inner}{picture[end + 1 :]}'


def from_svg(picture: bytes) -> str:
    """The credential. Raises `NotBaked`; entities and doctypes are refused."""
    try:
        root = ElementTree.fromstring(picture, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise NotBaked("It is no SVG picture that can be read safely.") from error
    if root.tag != "{http://www.w3.org/2000/svg}svg":
        raise NotBaked("It is no SVG picture.")
    found = [text for each in root.iter(_ELEMENT) for text in (each.get("verify"), each.text) if text and text.strip()]
    return _the_one(found)


def _the_one(found: list[str]) -> str:
    if not found:
        raise NotBaked("There is no Open Badges 3.0 credential in this picture.")
    if len(found) > 1:
        raise NotBaked("There are several credentials in this picture; which one counts cannot be told.")
    return found[0]


def _text_of(data: bytes) -> str:
    rest = data[len(KEYWORD) + 1 :]
    compressed, rest = rest[:1] == b"\1", rest[2:]
    text = rest.split(b"\0", 2)[-1]
    try:
        if compressed:
            unpacker = zlib.decompressobj()
            text = unpacker.decompress(text, MOST_CREDENTIAL_BYTES)
            if not unpacker.eof:
                raise NotBaked("The credential in the picture is larger than any real one.")
        return text.decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise NotBaked("The credential in the picture is damaged.") from error


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
