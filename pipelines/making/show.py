"""One made sample as `show` tells it: a record for machines, for people a text with its evidence marked."""

from typing import Any

from rich.text import Text

from ...schemas.sample import Sample, Span
from .samples import Made

_AROUND = 160
_ENDS = 500


def as_record(made: Made) -> dict[str, Any]:
    """A made sample for machines."""
    document, sample = made.document, made.sample
    return {
        "task": document.source,
        "sample": document.sample,
        "prompt": sample.prompt,
        "answer": sample.answer,
        "answers": list(sample.answers),
        "tokens": len(document.ids),
        "prompt_tokens": document.prompt_length,
        "answer_spans": [list(span) for span in document.answer_spans],
        "evidence_spans": [list(span) for span in document.evidence_spans],
        "depth": list(document.depth),
        "template": document.template,
        "facts": dict(document.facts),
        "sha256": document.sha256,
        "input_ids": document.ids.tolist(),
    }


def marked_text(sample: Sample, full: bool = False) -> Text:
    """Prompt and answer with evidence and answers marked; long stretches without either are left out unless `full`."""
    text = sample.text
    marks = [(span, "bold green") for span in sample.evidence_spans]
    marks += [(span, "bold magenta") for span in sample.answer_spans]
    keep = [(0, len(text))] if full else _kept(text, len(sample.prompt), [span for span, _ in marks])
    shown = Text(no_wrap=False)
    end_before = 0
    for start, end in keep:
        if start > end_before:
            shown.append(f"\n… {start - end_before:,} characters …\n", style="dim")
        _append_marked(shown, text, (start, end), sorted(marks))
        end_before = end
    return shown


def _append_marked(shown: Text, text: str, kept: Span, marks: list[tuple[Span, str]]) -> None:
    at, stop = kept
    for (start, end), style in marks:
        if at <= start and end <= stop:
            shown.append(text[at:start])
            shown.append(f"⟦{text[start:end]}⟧", style=style)
            at = end
    shown.append(text[at:stop])


def _kept(text: str, prompt_chars: int, marks: list[Span]) -> list[Span]:
    """The parts worth reading: both ends and the surroundings of every mark, joined where they meet."""
    parts = [(0, _ENDS), (prompt_chars - _ENDS, len(text))]
    parts += [(start - _AROUND, end + _AROUND) for start, end in marks]
    kept: list[Span] = []
    for start, end in sorted((max(0, start), min(len(text), end)) for start, end in parts):
        if kept and start <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        else:
            kept.append((start, end))
    return kept
