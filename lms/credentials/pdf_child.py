"""Reads the credential that is attached to a PDF: standard input to standard output, in a process with few means.

`python -m lms.credentials.pdf_child`; run by `lms.credentials.containers`. Out: a JSON list of what is attached under
its name, each text once: nobody can tell which of two counts.
"""

from __future__ import annotations

import json
import sys
from io import BytesIO

from lms.credentials.confined import few_means

NAME = "credential.json"
MOST_SECONDS = 10
MOST_TEXT = 1024 * 1024


def main() -> int:
    """Find the attachments, print them."""
    few_means(MOST_SECONDS)
    from pypdf import PdfReader

    try:
        reader = PdfReader(BytesIO(sys.stdin.buffer.read()), strict=False)
        found: dict[str, None] = {}
        for attachment in reader.attachment_list:
            if attachment.name == NAME:
                found[attachment.content[: MOST_TEXT + 1].decode(errors="replace")] = None
            if len(found) > 1:
                break
    except Exception:  # whatever a hostile file makes the reader do, the answer is the same
        return 1
    json.dump(list(found), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
