"""`vikno doctor`: looks at the machine and the settings, and says what to do about each finding."""

from __future__ import annotations

import os

import typer

from web.main.doctor.finding import Finding, Level
from web.main.settings import Settings
from web.main.settings_load import unknown_variables

_MARKS = {Level.GOOD: ("ok     ", "green"), Level.DOUBTFUL: ("check  ", "yellow"), Level.BROKEN: ("broken ", "red")}


def examine(settings: Settings, stun_server: str = "") -> list[Finding]:
    """All findings, in the order in which somebody would put things right."""
    from web.main.doctor import installation, machine, mail, network, seal

    strange = [
        Finding(Level.DOUBTFUL, sentence, "Correct the name, or remove it.")
        for sentence in unknown_variables(os.environ)
    ]
    return [
        *strange,
        *installation.findings(settings),
        *network.findings(settings, stun_server),
        *mail.findings(settings),
        *seal.findings(settings),
        *machine.findings(settings),
    ]


def report(settings: Settings, stun_server: str = "") -> int:
    """Prints all findings; the exit code: 1 if anything is broken, else 0."""
    findings = examine(settings, stun_server)
    for finding in findings:
        mark, colour = _MARKS[finding.level]
        typer.echo(typer.style(mark, fg=colour) + finding.what)
        if finding.remedy:
            typer.echo(f"       → {finding.remedy}")
    counts = {level: sum(finding.level is level for finding in findings) for level in Level}
    typer.echo(f"\n{counts[Level.BROKEN]} broken, {counts[Level.DOUBTFUL]} to check, {counts[Level.GOOD]} fine.")
    return 1 if counts[Level.BROKEN] else 0
