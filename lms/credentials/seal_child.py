"""Looks at the seals of a PDF, in a process with few means: standard input to standard output.

`python -m lms.credentials.seal_child`; run by `lms.credentials.seal_reports`. In: four bytes (big endian) how long a
JSON object is, that object (`authorities`: PEM texts; `now`), the PDF. Out: a list of seals as JSON. Any other exit
code than 0: it could not be read.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from lms.credentials.confined import few_means

MOST_SECONDS = 10
MOST_SEALS = 8
_UNTOLD = {"stamped_at": None, "intact": None, "trusted": False, "stamp_trusted": False, "whole": False}
_NUMBERED = re.compile(r"\d+(\.\d+)+")
_USAGES = {"digital_signature", "non_repudiation"}
"""A seal's key may be marked for either (ETSI EN 319 412-3)."""


def main() -> int:
    """Read, look, tell."""
    few_means(MOST_SECONDS)
    logging.disable(logging.CRITICAL)
    try:
        length = int.from_bytes(sys.stdin.buffer.read(4), "big")
        given = json.loads(sys.stdin.buffer.read(length))
        found = seals(sys.stdin.buffer.read(), given["authorities"], datetime.fromisoformat(given["now"]))
    except Exception:  # whatever a hostile file makes the reader do, the answer is the same
        return 1
    json.dump(found, sys.stdout)
    return 0


def seals(data: bytes, authorities: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """Every signature in the PDF, the oldest first. Raises for a PDF that cannot be read, or has too many of them."""
    from pyhanko.keys import load_certs_from_pemder_data
    from pyhanko.pdf_utils.reader import PdfFileReader

    roots = [each for text in authorities for each in load_certs_from_pemder_data(text.encode())]
    found = PdfFileReader(BytesIO(data)).embedded_regular_signatures
    if len(found) > MOST_SEALS:
        raise ValueError("more signatures than any real document has")
    return [_told(each, roots, now) for each in found]


def _told(signature: Any, roots: list[Any], now: datetime) -> dict[str, Any]:
    named = _named(signature)
    known = _is_of_a_known_kind(signature, named)
    certificate = signature.signer_cert if known else named
    told = signature.self_reported_timestamp
    about = {
        "signer": _name(certificate.subject),
        "authority": _name(certificate.issuer),
        "fingerprint": hashlib.sha256(certificate.dump()).hexdigest(),
        "signed_at": _utc(told),
    }
    if not known:
        return about | _UNTOLD
    status = _status(signature, roots, now, now)
    stamp = status.timestamp_validity
    stamped = stamp.timestamp if stamp is not None and stamp.intact and stamp.valid else None
    stamp_trusted = bool(roots) and stamp is not None and bool(stamp.trusted)
    if stamped is not None and stamp_trusted:
        # A signature outlives its certificate if it is known to be older than the end of it (EN 319 102-1, 5.5).
        status = _status(signature, roots, stamped, now)
    return about | {
        "stamped_at": _utc(stamped),
        "intact": _holds(status),
        "trusted": bool(roots) and bool(status.trusted),
        "stamp_trusted": stamp_trusted,
        "whole": _whole(status),
    }


def _named(signature: Any) -> Any:
    """The first certificate of the name that the signature gives (RFC 5652 section 5.3). Raises if there is none.

    For what cannot be computed: which of several is meant, the library finds out by more than the name.
    """
    named = signature.signer_info["sid"]
    given = [each.chosen for each in signature.signed_data["certificates"] if each.name == "certificate"]
    if named.name == "subject_key_identifier":
        return next(each for each in given if each.key_identifier == named.native)
    issuer, serial = named.chosen["issuer"], named.chosen["serial_number"].native
    return next(each for each in given if (each.issuer, each.serial_number) == (issuer, serial))


def _is_of_a_known_kind(signature: Any, certificate: Any) -> bool:
    """Whether its algorithms have names in the library. Those that have only numbers (DSTU 4145) it cannot compute."""
    signer = signature.signer_info
    key = certificate["tbs_certificate"]["subject_public_key_info"]["algorithm"]
    kinds = (signer["digest_algorithm"], signer["signature_algorithm"], key)
    return not any(_NUMBERED.fullmatch(each["algorithm"].native) for each in kinds)


def _status(signature: Any, roots: list[Any], signed: datetime, now: datetime) -> Any:
    """`signed`: when its certificate must have been in force; that of the time-stamp server must be so now."""
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.settings import KeyUsageConstraints
    from pyhanko_certvalidator import ValidationContext

    def context(at: datetime) -> ValidationContext:
        return ValidationContext(trust_roots=roots, allow_fetching=False, moment=at, revocation_mode="soft-fail")

    usages = KeyUsageConstraints(key_usage=_USAGES, match_all_key_usages=False)
    return validate_pdf_signature(signature, context(signed), context(now), key_usage_settings=usages)


def _holds(status: Any) -> bool:
    """The signature fits, it is over the whole file, or what was added later is what its signer allowed."""
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    allowed = status.coverage is SignatureCoverageLevel.ENTIRE_REVISION and bool(status.docmdp_ok)
    return bool(status.intact and status.valid and (_whole(status) or allowed))


def _whole(status: Any) -> bool:
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    return status.coverage is SignatureCoverageLevel.ENTIRE_FILE


def _name(name: Any) -> str:
    """Common name and organisation: one line of printable letters."""
    native = name.native
    parts = [native.get("common_name"), native.get("organization_name")]
    texts = [each if isinstance(each, str) else ", ".join(map(str, each)) for each in parts if each]
    text = ", ".join(dict.fromkeys(texts)) or name.human_friendly
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:300]


def _utc(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


if __name__ == "__main__":
    sys.exit(main())
