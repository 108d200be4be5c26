"""Who issues certificates in this installation."""

from __future__ import annotations

from lms.credentials.keys import Issuer
from lms.sealing import FernetSealer
from web.main.secrets import derive, master_key
from web.main.settings import Settings


def issuer_of(settings: Settings) -> Issuer:
    """The issuer, with what its keys are sealed by."""
    sealer = FernetSealer(derive(master_key(settings.data), "sealing"))
    return Issuer(settings.site_url, settings.issuer_name, sealer, demo=settings.demo)
