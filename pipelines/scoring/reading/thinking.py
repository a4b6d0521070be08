"""Thinking aloud is cut from a reply, in every form in which models mark it."""

import re

_TAGS = "think|thinking|thought|thoughts|reasoning|reflection|scratchpad|seed:think|inner_monologue"
_OPEN = re.compile(
    rf"<(?:{_TAGS})>|◁think▷|\[THINK\]|<\|begin_of_thought\|>|<\|START_THINKING\|>|<\|inner_prefix\|>", re.IGNORECASE
)
_CLOSE = re.compile(
    rf"</(?:{_TAGS})>|◁/think▷|\[/THINK\]|<\|end_of_thought\|>|<\|END_THINKING\|>|<\|inner_suffix\|>", re.IGNORECASE
)
_EITHER = re.compile(f"({_OPEN.pattern})|{_CLOSE.pattern}", re.IGNORECASE)

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
    kept, at, inside = list[str](), 0, False
    for mark in _EITHER.finditer(reply):
        if mark[1] and not inside:
            kept.append(reply[at : mark.start()])
            inside = True
        elif not mark[1]:
            if not inside:
                kept.clear()
            inside, at = False, mark.end()
    if not inside:
        kept.append(reply[at:])
    return "\n".join(kept)
