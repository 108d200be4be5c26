"""Certificates issued and verified per second, on SQLite.

    python -m tests.bench.credentials [people]

Issuing is the product's whole use case: who has earned it, a number, a place in a status list, the snapshot, both
signatures (`eddsa-rdfc-2022` embedded, RS256 as a token), the log of changes, and a commit synced to the disk for each
list of people. Verification is what `/verify` and `vikno verify` do with a file: form, issuer, signature, dates and
status. Beside them, as a probe of the machine at this moment, the two bare signatures and their check by the library.
The document, which typst sets, is measured apart.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import select
from sqlalchemy.orm import undefer

from lms.credentials import awarding, checking, documents, issuing
from lms.credentials.keys import RSA_BITS
from lms.credentials.models import CertificateEdition
from lms.credentials.records import Records
from lms.database import Database
from tests.lms.credentials.award import ISSUER, MANUAL, Held
from tests.lms.facts import person
from web.certificate_documents import pdf
from web.certificate_files import Given

PEOPLE = 200
DOCUMENTS = 5
PROBES = 200


def timed(name: str, count: int, work: Callable[[], object]) -> float:
    """Do it and say how many a second; the seconds that one took."""
    began, before = time.perf_counter(), time.process_time()
    work()
    took, used = (time.perf_counter() - began) / count, (time.process_time() - before) / count
    print(
        f"  {name:<34}{1 / took:>8,.0f} a second  {1000 * took:>7.2f} ms each  {1000 * used:>7.2f} ms of processor time"
    )
    return used


def probe() -> tuple[float, float]:
    """Seconds of processor time that both signatures take, and both checks, with nothing around them."""
    ed, rsa = Ed25519PrivateKey.generate(), generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    text = b"x" * 4_000
    signed = ed.sign(text), rsa.sign(text, PKCS1v15(), SHA256())

    def sign() -> None:
        for _ in range(PROBES):
            ed.sign(text), rsa.sign(text, PKCS1v15(), SHA256())

    def check() -> None:
        for _ in range(PROBES):
            ed.public_key().verify(signed[0], text)
            rsa.public_key().verify(signed[1], text, PKCS1v15(), SHA256())

    return timed("probe: two bare signatures", PROBES, sign), timed("probe: both checked", PROBES, check)


def issue(database: Database, people: int, now: datetime) -> float:
    """So many certificates by a decision, a list at a time; processor time of one."""
    with database.writing() as session:
        held = Held(session)
        rule = awarding.create_for(session, held.planner, held.home.id, MANUAL, now).id
        numbers = [person(session, f"p{number}@example.org", home=held.home).person_id or 0 for number in range(people)]
        first = [held.olena.person_id or 0]
        issuing.issue(session, ISSUER, held.certifier, rule, first, now, reason="Перший: ключі")  # makes the keys

    def all_of_them() -> None:
        for start in range(0, people, issuing.MOST_AT_ONCE):
            several = numbers[start : start + issuing.MOST_AT_ONCE]
            with database.writing() as session:
                made = issuing.issue(session, ISSUER, held.certifier, rule, several, now, reason="Провели заняття")
                if len(made.certificates) != len(several):
                    raise RuntimeError("Somebody got no certificate.")

    return timed("issued and signed", people, all_of_them)


def verify(database: Database, files: Sequence[bytes], name: str, now: datetime) -> float:
    """All of them; processor time of one."""

    def all_of_them() -> None:
        with database.reading() as session:
            trust = Records(session)
            for file in files:
                report = checking.check(file, trust, now)
                if not report.valid:
                    raise RuntimeError(f"Ours, and not valid: {report.failed}")

    return timed(f"verified, {name}", len(files), all_of_them)


def main() -> None:
    people = int(sys.argv[1]) if len(sys.argv) > 1 and __name__ == "__main__" else PEOPLE
    now = datetime.now(UTC)
    print(f"Certificates: {people} of them, lists of {issuing.MOST_AT_ONCE}, SQLite")
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'vikno.db'}")
        database.upgrade()
        signing, checked = probe()
        one = issue(database, people, now)
        with database.reading() as session:
            query = select(CertificateEdition).options(undefer("*")).order_by(CertificateEdition.id)
            editions = session.scalars(query).all()
        later = now + timedelta(minutes=1)
        embedded = verify(database, [each.credential.encode() for each in editions], "embedded signature", later)
        token = verify(database, [each.token.encode() for each in editions], "token", later)
        given = [
            Given(documents.from_dict(each.snapshot), each.number, each.credential, each.token)
            for each in editions[:DOCUMENTS]
        ]
        timed(
            "documents (PDF)", DOCUMENTS, lambda: [pdf(each.snapshot, each.credential, each.edition) for each in given]
        )
        database.close()
    print(f"  × the probe: issued {one / signing:.1f}, verified {embedded / checked:.1f} and {token / checked:.1f}")


if __name__ == "__main__":
    main()
