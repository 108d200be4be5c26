"""The app's icons, drawn from the logo when they are first asked for: no second picture to keep in step."""

from __future__ import annotations

from functools import cache

import typst

from web.templating import TEMPLATES

BAND = "#12264d"
"""The colour of the band on every page, and of the window's frame around the installed app (`--color-band`)."""
SIZES = {"icon-192": 192, "icon-512": 512, "maskable-192": 192, "maskable-512": 512, "touch-180": 180}
"""Names of icons, and their sides in pixels."""
_SAFE = 0.68
"""How much of a maskable icon the logo fills. Launchers may cut away what lies outside of a circle of four fifths (W3C
Web Application Manifest, "safe zone"); with its rounded corners the logo reaches 0.38 of the side from the middle."""
_PAGE = """
#set page(width: {side}pt, height: {side}pt, margin: 0pt, fill: {fill})
#set align(center + horizon)
#image(bytes(sys.inputs.logo), format: "svg", width: {share}%, height: {share}%)
"""


@cache
def png(name: str) -> bytes:
    """The icon as PNG. Raises `KeyError` for a name that is not among `SIZES`."""
    side = SIZES[name]
    whole = name.startswith("icon")
    page = _PAGE.format(
        side=side, fill="none" if whole else f'rgb("{BAND}")', share=100 if whole else round(_SAFE * 100)
    )
    logo = (TEMPLATES / "logo.svg").read_text(encoding="utf-8")
    return typst.compile(page.encode(), format="png", ppi=72, ignore_system_fonts=True, sys_inputs={"logo": logo})
