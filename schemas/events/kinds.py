"""Every kind of event, and the JSON Schema of the lines that `--json` prints."""

from typing import Any

from pydantic.json_schema import models_json_schema

from . import building, compared, event, exported, ingesting, inspected, judged, pushing, reported, scheduled, shown


def event_kinds() -> list[type[event.Event]]:
    """Every kind of event, in the order of these files."""
    files = (event, building, ingesting, shown, inspected, judged, compared, exported, pushing, reported, scheduled)
    things = (thing for file in files for thing in vars(file).values() if isinstance(thing, type))
    return list(dict.fromkeys(kind for kind in things if issubclass(kind, event.Event) and kind is not event.Event))


def events_schema() -> dict[str, Any]:
    """JSON Schema of a line that `--json` prints: any of the events."""
    _, schema = models_json_schema([(kind, "serialization") for kind in event_kinds()])
    anyone = [{"$ref": f"#/$defs/{kind.__name__}"} for kind in event_kinds()]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "anyOf": anyone}
