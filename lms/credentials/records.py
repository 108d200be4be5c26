"""What this installation knows of issuers, for the verifier: itself, and what it issued."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.credentials import keys, status_lists
from lms.credentials.models import Certificate, CertificateEdition, CertificateState
from lms.credentials.trust import KnownKey
from lms.credentials.verdicts import State

_STATUS_ADDRESS = re.compile(r"(.+)/status/(\d{1,9})")


class Records:
    """What this installation knows of issuers: itself, under every address it ever had (`trust.Trust`)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def keys(self, issuer: str) -> Sequence[KnownKey] | None:
        """Our own keys; None for everybody else."""
        return keys.known(self._session, issuer)

    def status_list(self, address: str) -> str | None:
        """One of our lists."""
        found = _STATUS_ADDRESS.fullmatch(address)
        held = status_lists.served(self._session, int(found[2])) if found else None
        return held.credential if held is not None and found and held.issuer == f"{found[1]}/issuer" else None

    def overtaken(self, credential: dict[str, Any]) -> State | None:
        """What our records say beyond the file."""
        issuer = credential.get("issuer")
        issuer_id = issuer.get("id") if isinstance(issuer, dict) else issuer
        if not isinstance(issuer_id, str) or keys.known(self._session, issuer_id) is None:
            return None
        number = str(credential.get("id", "")).rpartition("/")[2]
        rows = self._session.execute(
            select(Certificate.edition, Certificate.state, CertificateEdition.number, CertificateEdition.credential)
            .join(CertificateEdition, CertificateEdition.certificate_id == Certificate.id)
            .where(Certificate.number == number)
        ).all()
        plain = _plain(credential)
        for current, state, edition, text in rows:
            if _plain(json.loads(text)) == plain:
                if state is CertificateState.REVOKED:
                    return State.REVOKED
                return State.REPLACED if edition < current else None
        return State.NOT_GENUINE


def _plain(value: Any) -> Any:
    """The same, with lists of one as that one: wallets write either, and JSON-LD means the same by both."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return _plain(value[0]) if len(value) == 1 else [_plain(each) for each in value]
    return value
