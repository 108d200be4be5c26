"""JSON-LD to canonical N-Quads (RDFC-1.0), with nothing lost on the way and within bounds.

PyLD leaves out what the contexts do not define, without an error; it would stand in a credential and be covered by no
signature. So whatever would be left out is refused (W3C Data Integrity 1.0 section 2.4.1). The graph of a hostile
file can keep the algorithm busy for years: size, depth and the work on blank nodes are bounded (RDFC-1.0 section 7.1).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from math import factorial
from typing import Any

from pyld import jsonld
from pyld.canon import URDNA2015
from pyld.context_resolver import ContextResolver

from lms.credentials import pinned

MOST_VALUES = 20_000
MOST_DEPTH = 64
MOST_BLANK_NODES = 2_000
MOST_WORK = 20_000
"""Orders of blank nodes that look alike which are tried, over the whole graph. A credential of ours needs under 10."""

_KEYWORDS = frozenset({"@context", "@value", "@language"})
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Characters that RDFC-1.0 escapes in a way of its own, and that no text needs."""
_NOWHERE = "relative-address:"
"""What is relative becomes an address of this kind, and is told by it: each library has a base of its own."""
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|\\^`]*")


_kept = threading.local()


class CanonicalError(ValueError):
    """It cannot be brought into canonical form; the sentence says why."""


class TooComplex(CanonicalError):  # noqa: N818 - what it is
    """It is larger or more tangled than any credential."""


class _Bounded(URDNA2015):  # type: ignore[misc]
    """PyLD's algorithm, which gives up on graphs that are made to be hard."""

    def __init__(self) -> None:
        super().__init__()
        self._work = 0

    def create_hash_to_related(self, id_: str, issuer: Any) -> dict[str, list[str]]:
        """What it works through next: as many orders as each list of alike nodes has."""
        found: dict[str, list[str]] = super().create_hash_to_related(id_, issuer)
        self._work += sum(factorial(min(len(alike), 12)) for alike in found.values())
        if self._work > MOST_WORK:
            raise TooComplex("Its graph is made so that checking it would take for ever.")
        return found


def canonical(document: dict[str, Any]) -> str:
    """Canonical N-Quads of a document whose contexts we know. Raises `CanonicalError` or `pinned.UnknownContext`."""
    _look_over(document)
    options: dict[str, Any] = {
        "documentLoader": pinned.load,
        "contextResolver": _resolver(),
        "base": f"{_NOWHERE}//nowhere/",
        "processingMode": "json-ld-1.1",
        "extractAllScripts": False,
    }
    lost: list[str] = []
    processor = jsonld.JsonLdProcessor(on_property_dropped=lambda name: lost.append(str(name)))
    try:
        expanded = processor.expand(document, dict(options))
        if lost:
            raise CanonicalError(f"Its contexts do not define {lost[0]!r}, so that no signature covers it.")
        _check_addresses(expanded)
        dataset = processor.to_rdf(expanded, {**options, "produceGeneralizedRdf": False})
    except (jsonld.JsonLdError, RecursionError) as error:
        raise CanonicalError(f"It is no JSON-LD that makes sense: {_reason(error)}") from error
    _check_blank_nodes(dataset)
    try:
        found: str = _Bounded().main(dataset, {"format": "application/n-quads"})
    except RecursionError as error:
        raise TooComplex("Its graph is too deep.") from error
    return found


def _resolver() -> ContextResolver:
    """Keeps what was worked out of the contexts; for each thread its own, as PyLD's caches know no threads."""
    if not hasattr(_kept, "resolver"):
        _kept.resolver = ContextResolver({}, pinned.load)
    return _kept.resolver


def _look_over(document: dict[str, Any]) -> None:
    for number, (depth, key, value) in enumerate(_values(document)):
        if number > MOST_VALUES or depth > MOST_DEPTH:
            raise TooComplex("It is larger or deeper than any credential.")
        if key.startswith("@") and key not in _KEYWORDS:
            raise CanonicalError(f"The keyword {key[:40]} has no place in a credential.")
        if key == "@context":
            _check_context(value)
        elif key == "@language" and not (isinstance(value, str) and _LANGUAGE.fullmatch(value)):
            raise CanonicalError("A language in it has no such name.")
        elif value is None:
            raise CanonicalError(f"{key[:40]!r} in it is null, which no signature covers.")
        elif isinstance(value, str) and _CONTROL.search(value):
            raise CanonicalError(f"The text of {key[:40]!r} holds control characters.")


def _values(value: Any, depth: int = 0, key: str = "") -> Iterator[tuple[int, str, Any]]:
    """Every value, with its depth and the member that it stands in. Contexts are given whole."""
    waiting = [(depth, key, value)]
    while waiting:
        depth, key, value = waiting.pop()
        yield depth, key, value
        if key == "@context":
            continue
        if isinstance(value, dict):
            waiting.extend((depth + 1, name, each) for name, each in value.items())
        elif isinstance(value, list):
            waiting.extend((depth + 1, key, each) for each in value)


def _check_context(value: Any) -> None:
    listed = value if isinstance(value, list) else [value]
    for each in listed:
        if not isinstance(each, str):
            raise CanonicalError("It brings a context of its own, instead of naming a published one.")
        pinned.context(each)


def _check_addresses(expanded: Any) -> None:
    """Types and ids that are no whole addresses vanish on the way to RDF."""
    for _depth, key, value in _values(expanded):
        if key not in ("@id", "@type") or not isinstance(value, str):
            continue
        whole = _ABSOLUTE.fullmatch(value) and not value.startswith(_NOWHERE)
        if not whole and not value.startswith("_:"):
            shown = value.removeprefix(f"{_NOWHERE}//nowhere/")[:80]
            raise CanonicalError(f"{shown!r} is no address and no word of its contexts.")


def _check_blank_nodes(dataset: dict[str, list[dict[str, Any]]]) -> None:
    blank = {
        part["value"]
        for triples in dataset.values()
        for triple in triples
        for part in (triple["subject"], triple["object"])
        if part["type"] == "blank node"
    }
    if len(blank) > MOST_BLANK_NODES:
        raise TooComplex("It has more nameless parts than any credential.")


def _reason(error: Exception) -> str:
    while error.__cause__ is not None and isinstance(error.__cause__, Exception):
        error = error.__cause__
    return str(error.args[0])[:200] if error.args else type(error).__name__
