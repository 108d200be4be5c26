"""Reads the credential that is attached to a PDF: standard input to standard output, in a process with few means.

`python -m lms.credentials.pdf_child`; run by `lms.credentials.containers`. Exit code 0 and no output: none attached.
"""

from __future__ import annotations

import sys
from io import BytesIO

from lms.credentials.confined import few_means

NAME = "credential.json"
MOST_SECONDS = 10
MOST_TEXT = 1024 * 1024


def main() -> int:
    """Find the attachment, print it."""
    few_means(MOST_SECONDS)
    from pypdf import PdfReader

    try:
        reader = PdfReader(BytesIO(sys.stdin.buffer.read()), strict=False)
        for attachment in reader.attachment_list:
            if attachment.name == NAME:
                sys.stdout.buffer.write(attachment.content[: MOST_TEXT + 1])
                return 0
    except Exception:  # whatever a hostile file makes the reader do, the answer is the same
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
