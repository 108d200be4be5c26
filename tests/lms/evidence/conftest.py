"""Fixtures of the credentials' tests."""

from tests.lms.credentials.award import quick_keys

__all__ = ["quick_keys"]
