"""`prosopon voices`, `tiers`, `doctor`: what there is on this machine."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from serve_app.cli.console import OURS, err, print_json, print_table, reported

if TYPE_CHECKING:
    from serve_app.catalogue import TierModel

_MARKS = {
    "ok": "[green]ok[/]",
    "missing": "[yellow]missing[/]",
    "broken": "[red]broken[/]",
    "note": "",
}

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def voices(
    language: Annotated[
        str | None, typer.Option(help="Only voices of this language (ISO 639-1: en, el, …).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the voices of the tiers that work here."""
    from serve_app.catalogue import TierFacts, voice_models
    from serve_app.local import local_tiers

    with reported(as_json):
        tiers = local_tiers().items()
        working = [(name, facts) for name, facts in tiers if isinstance(facts, TierFacts)]
        found = [voice for name, facts in working for voice in voice_models(name, facts)]
        found = [voice for voice in found if language in (None, voice.language)]
        if as_json:
            print_json([voice.model_dump(mode="json", exclude={"preview"}) for voice in found])
        else:
            columns = ("voice", "language", "gender", "style", "tier", "weights' licence")
            rows = [(v.id, v.language, v.gender, v.style, v.tier, v.licence.weights) for v in found]
            print_table(columns, rows)
            if not found:
                err.print("No voice; see: prosopon tiers")


def tiers(as_json: AsJson = False) -> None:
    """Tell what each tier has here, and what mends one that does not work."""
    from serve_app.catalogue import TierFacts, TierModel, tier_model
    from serve_app.local import local_tiers

    with reported(as_json):
        found = [
            tier_model(name, facts)
            if isinstance(facts, TierFacts)
            else TierModel(name=name, available=False, reason=facts.message)
            for name, facts in local_tiers().items()
        ]
        if as_json:
            print_json([tier.model_dump(mode="json") for tier in found])
            return
        print_table(("tier", ""), [(tier.name, _told(tier)) for tier in found])


def _told(tier: "TierModel") -> str:
    """What it is, or why it does not work; then by what, where and in which languages."""
    if not tier.available or tier.engines is None:
        return f"[red]does not work here[/]: {escape(tier.reason or '')}\n"
    parts = (
        f"{tier.engines.speech} + {tier.engines.animation}",
        tier.device or "",
        ", ".join(tier.languages),
    )
    return f"[green]works[/]: {escape(tier.title)}\n{'; '.join(filter(None, parts))}\n"


def doctor(as_json: AsJson = False) -> None:
    """Check this installation: what works, what is missing, and the command that mends it."""
    from serve_app.doctor import examine

    with reported(as_json):
        findings = examine()
        if as_json:
            print_json([finding.model_dump(mode="json") for finding in findings])
        else:
            rows = [(f.area, f.what, _MARKS[f.state], escape(f.detail)) for f in findings]
            print_table(("", "", "", ""), rows)
        if any(finding.state == "broken" for finding in findings):
            raise typer.Exit(OURS)
