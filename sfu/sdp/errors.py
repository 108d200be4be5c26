"""Why a description cannot be used."""

from __future__ import annotations

from typing import Literal

Code = Literal[
    "malformed",
    "too_large",
    "bundle_required",
    "rtcp_mux_required",
    "ice_missing",
    "fingerprint_missing",
    "setup_invalid",
    "sections_changed",
    "nothing_in_common",
    "unexpected",
]


class DescriptionError(ValueError):
    """A description that is refused: `code` for programs, the message (cause and remedy) for people."""

    def __init__(self, code: Code, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
