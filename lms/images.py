"""Pictures that people send in: decoded within bounds and written anew, so that nothing but pixels is kept."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageOps

from lms.errors import Invalid

LARGEST_BYTES = 8 * 1024 * 1024
LARGEST_SIDE = 4096
THUMBNAIL = (480, 360)
"""Pixels; shown half as large, so that it is sharp on fine screens."""
TAKEN = ("JPEG", "WEBP")
LARGEST_LOGO = 2 * 1024 * 1024
LOGO_SIZE = (600, 240)
"""Pixels at most: 2 cm high on paper at 300 dpi."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A JPEG and its size in pixels."""

    contents: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CleanPicture:
    """A picture without metadata, and a small one of it."""

    whole: Encoded
    thumbnail: Encoded


def clean(contents: bytes) -> CleanPicture:
    """Decode and write anew. Raises `Invalid` (picture_empty, picture_large, picture_kind, picture_pixels)."""
    if not contents:
        raise Invalid("picture_empty", "There is no picture in it.", "picture")
    if len(contents) > LARGEST_BYTES:
        raise Invalid("picture_large", f"A picture has at most {LARGEST_BYTES // 1024 // 1024} MB.", "picture")
    large = Invalid("picture_pixels", f"A picture has at most {LARGEST_SIDE} pixels a side.", "picture")
    wrong = Invalid("picture_kind", "This is not a whole JPEG or WebP picture.", "picture")
    pixels = _decoded(contents, TAKEN, "RGB", large, wrong)
    small = pixels.copy()
    small.thumbnail(THUMBNAIL, Image.Resampling.LANCZOS)
    return CleanPicture(_jpeg(pixels, 90), _jpeg(small, 82))


def logo(contents: bytes) -> bytes:
    """A PNG within `LOGO_SIZE`, what is clear in it stays clear. Raises `Invalid` (logo_large, logo_kind)."""
    if len(contents) > LARGEST_LOGO:
        raise Invalid("logo_large", f"A logo has at most {LARGEST_LOGO // 1024 // 1024} MB.", "logo")
    large = Invalid("logo_large", f"A logo has at most {LARGEST_SIDE} pixels a side.", "logo")
    wrong = Invalid("logo_kind", "A logo is a whole PNG, JPEG or WebP picture.", "logo")
    pixels = _decoded(contents, ("PNG", *TAKEN), "RGBA", large, wrong)
    pixels.thumbnail(LOGO_SIZE, Image.Resampling.LANCZOS)
    written = io.BytesIO()
    pixels.save(written, "PNG", optimize=True)
    return written.getvalue()


def _decoded(contents: bytes, taken: tuple[str, ...], mode: str, large: Invalid, wrong: Invalid) -> Image.Image:
    """The pixels alone. The size that the header claims is looked at before anything is decoded."""
    try:
        with Image.open(io.BytesIO(contents), formats=taken) as opened:
            if max(opened.size) > LARGEST_SIDE:
                raise large
            upright = ImageOps.exif_transpose(opened).convert(mode)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise large from None
    except (OSError, ValueError, SyntaxError) as error:
        raise wrong from error
    pixels = Image.new(mode, upright.size)
    pixels.paste(upright)
    return pixels


def _jpeg(pixels: Image.Image, quality: int) -> Encoded:
    written = io.BytesIO()
    pixels.save(written, "JPEG", quality=quality, progressive=True)
    return Encoded(written.getvalue(), pixels.width, pixels.height)
