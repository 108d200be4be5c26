"""The paths of WHIP and WHEP resources, `/whip/{meeting}/{node}-{secret}`: whoever passes them on knows the node."""

from __future__ import annotations

import re
import secrets

_RESOURCE = re.compile(r"^/(?:whip|whep)/[^/]+/(\d{1,4})-[A-Za-z0-9_-]{10,64}$")


def new_resource(node: int) -> str:
    """A name for a resource that nobody can guess."""
    return f"{node}-{secrets.token_urlsafe(18)}"


def resource_node(path: str) -> int | None:
    """The node of a resource's path, or None if the path is no resource's."""
    found = _RESOURCE.match(path)
    return int(found[1]) if found else None
