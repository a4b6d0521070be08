"""Thinking aloud is cut from a reply, in every form in which models mark it."""

import re

_TAGS = "think|thinking|thought|thoughts|reasoning|reflection|scratchpad|seed:think|inner_monologue"
_KINDS = (
    (rf"<(?:{_TAGS})>", rf"</(?:{_TAGS})>"),
    ("◁think▷", "◁/think▷"),
    (r"\[THINK\]", r"\[/THINK\]"),
    (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),
    (r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),
    (r"<\|inner_prefix\|>", r"<\|inner_suffix\|>"),
)
"""What begins and what ends thinking; each kind is ended by its own mark alone."""

_MARK = re.compile("|".join(f"({opening})|({closing})" for opening, closing in _KINDS), re.IGNORECASE)

_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)[^<]*?<\|message\|>")
_CHANNEL_BARE = re.compile(r"\s*(?:assistant)?analysis(?=[A-Z<\s]).*?", re.DOTALL)
_FINAL_BARE = "assistantfinal"
_TOKEN = re.compile(r"<\|(?:end|return|start|message|eot_id|im_end|im_start|endoftext|begin_of_solution|end_of_solution"
                    r"|START_RESPONSE|END_RESPONSE)\|>")  # fmt: skip


def without_thinking(reply: str) -> str:
    """What a reply says to its reader; a closing mark alone ends thinking that began before the reply."""
    return _TOKEN.sub("\n", _outside_tags(_final_channel(reply)))


def _final_channel(reply: str) -> str:
    """Of Harmony's channels the last final one, also where the control tokens were not decoded."""
    channels = list(_CHANNEL.finditer(reply))
    if channels:
        finals = [channel for channel in channels if channel[1] == "final"]
        if not finals:
            return ""
        return re.split(r"<\|(?:end|return|start|call)\|>", reply[finals[-1].end() :], maxsplit=1)[0]
    if "<|channel|>" in reply:
        before, _, _ = reply.partition("<|channel|>")
        return before
    if _CHANNEL_BARE.match(reply):
        _, found, final = reply.rpartition(_FINAL_BARE)
        if found:
            return final
        return "" if re.match(r"\s*(?:assistant)?analysis[A-Z]", reply) else reply
    return reply


def _outside_tags(reply: str) -> str:
    kept, at, inside = list[str](), 0, -1
    for mark in _MARK.finditer(reply):
        kind, is_closing = divmod((mark.lastindex or 1) - 1, 2)
        if inside < 0 and not is_closing:
            kept.append(reply[at : mark.start()])
            inside = kind
        elif is_closing and inside in (kind, -1):
            if inside < 0:
                kept.clear()
            inside, at = -1, mark.end()
    if inside < 0:
        kept.append(reply[at:])
    return "\n".join(kept)
