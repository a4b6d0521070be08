"""What documents of the invented world are about: kinds, the relations between them, and what values are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum


class Kind(IntEnum):
    """What a value is; the first three have documents. Each value is two strings one after the other."""

    PERSON = 0
    FIRM = 1
    TOWN = 2
    DATE = 3
    TRADE = 4
    WARE = 5
    LOOK = 6


@dataclass(frozen=True)
class Relation:
    """A fact of each document of a kind.

    Statements have {x} for the value and one of {name}, {It} or {it} for what the document is about: its name, or its
    short name at the beginning of a sentence or inside. In questions and in `phrase`, {x} is what is asked about.
    """

    id: str
    value: Kind
    statements: tuple[str, str, str]
    asks: tuple[str, ...] = ()
    phrase: str = ""
    """What the value is called in a question that goes on from it."""


RELATIONS: Mapping[Kind, Sequence[Relation]] = {
    Kind.PERSON: (
        Relation("trade", Kind.TRADE,
            ("{name} was {x}.", "{name} is remembered as {x}.", "Most people knew {name} as {x}.")),
        Relation("birth", Kind.DATE,
            ("{It} was born on {x}.", "The birth of {name} is dated {x}.", "Records give {x} as the birthday of {it}."),
            ("When was {x} born?", "On which day was {x} born?")),
        Relation("childhood", Kind.TOWN,
            ("{It} grew up in {x}.", "{name} spent a happy childhood in {x}.", "{x} is where {it} went to school."),
            ("In which town did {x} grow up?", "What is the name of the town where {x} grew up?"),
            "the town where {x} grew up"),
        Relation("employer", Kind.FIRM,
            ("{It} worked for {x} for many years.", "{name} was on the payroll of {x}.",
             "{x} had {it} on its staff."),
            ("Which company did {x} work for?", "What was the name of the company that {x} worked for?"),
            "the company that {x} worked for"),
        Relation("retirement", Kind.TOWN,
            ("{It} retired to {x}.", "In old age {name} settled in {x}.", "{x} was the town {it} chose to retire to."),
            ("To which town did {x} retire?", "In which town did {x} spend the years of retirement?"),
            "the town to which {x} retired"),
        Relation("portrait", Kind.PERSON,
            ("{x} painted {it} in oil.", "The portrait of {name} is by {x}.", "{It} sat for the painter {x}."),
            ("Who painted the portrait of {x}?", "Who was the painter of the portrait of {x}?"),
            "the person who painted the portrait of {x}"),
        Relation("biography", Kind.PERSON,
            ("{x} wrote the biography of {it}.", "The life of {name} is told by {x}.", "{It} had a biographer, {x}."),
            ("Who wrote the biography of {x}?", "Who was the biographer of {x}?"),
            "the biographer of {x}"),
    ),
    Kind.FIRM: (
        Relation("ware", Kind.WARE,
            ("{name} makes {x}.", "{name} is a company known for {x}.", "The company {name} sells {x}.")),
        Relation("founding", Kind.DATE,
            ("{It} was founded on {x}.", "The history of {name} begins on {x}.",
             "{It} has been in business since {x}."),
            ("When was {x} founded?", "On which day was {x} founded?")),
        Relation("founder", Kind.PERSON,
            ("{x} founded {it}.", "{name} was started by {x}.", "{It} had a sole founder, {x}."),
            ("Who founded {x}?", "Who was the founder of {x}?"),
            "the founder of {x}"),
        Relation("seat", Kind.TOWN,
            ("{It} has its head office in {x}.", "{name} is run from {x}.", "The head office of {it} stands in {x}."),
            ("In which town does {x} have its head office?", "In which town is the head office of {x}?"),
            "the town where {x} has its head office"),
        Relation("supplier", Kind.FIRM,
            ("{It} buys its steel from {x}.", "{x} supplies {name} with steel.",
             "All the steel of {it} comes from {x}."),
            ("Which company supplies steel to {x}?", "From which company does the steel of {x} come?"),
            "the company that supplies steel to {x}"),
        Relation("logo", Kind.PERSON,
            ("{x} drew the logo of {it}.", "The logo of {name} is the work of {x}.", "{It} owes its logo to {x}."),
            ("Who designed the logo of {x}?", "Who was the designer of the logo of {x}?"),
            "the designer of the logo of {x}"),
        Relation("warehouse", Kind.TOWN,
            ("{It} has a warehouse in {x}.", "The warehouse of {name} is in {x}.",
             "{x} is where {it} stores its goods."),
            ("In which town is the warehouse of {x}?", "In which town does {x} have a warehouse?"),
            "the town where {x} has a warehouse"),
    ),
    Kind.TOWN: (
        Relation("look", Kind.LOOK,
            ("{name} is {x}.", "{name} used to be {x}.", "Travellers describe {name} as {x}.")),
        Relation("charter", Kind.DATE,
            ("{It} received its charter on {x}.", "The charter of {name} is dated {x}.",
             "{It} has had a charter since {x}."),
            ("When did {x} receive its charter?", "What is the date of the charter of {x}?")),
        Relation("mayor", Kind.PERSON,
            ("{It} elected {x} as its first mayor.", "{x} was the first mayor of {name}.",
             "The first mayor of {it} was {x}."),
            ("Who was the first mayor of {x}?", "Which person first served as mayor of {x}?"),
            "the first mayor of {x}"),
        Relation("bridge", Kind.PERSON,
            ("{It} owes its bridge to {x}.", "{x} built the bridge of {name}.",
             "The bridge of {it} is the work of {x}."),
            ("Who built the bridge of {x}?", "Which person built the bridge of {x}?"),
            "the person who built the bridge of {x}"),
        Relation("jobs", Kind.FIRM,
            ("Most people in {it} work at {x}.", "{x} is the largest employer in {name}.",
             "{It} depends on jobs at {x}."),
            ("Which company is the largest employer in {x}?", "Which company gives work to most people in {x}?"),
            "the largest employer in {x}"),
        Relation("hall", Kind.FIRM,
            ("{It} owes its town hall to {x}.", "{x} built the town hall of {name}.",
             "{name} had its town hall built by {x}."),
            ("Which company built the town hall of {x}?", "Which company put up the town hall of {x}?"),
            "the company that built the town hall of {x}"),
        Relation("settlers", Kind.TOWN,
            ("{It} was settled from {x}.", "The first families of {name} came from {x}.",
             "{x} sent {it} its first settlers."),
            ("Which town sent its people to settle {x}?", "From which town was {x} settled?"),
            "the home town of the first settlers of {x}"),
    ),
}  # fmt: skip
"""What documents say; the first relation of a kind introduces the document and is never asked for."""


SHORT_NAMES = {Kind.FIRM: ("The company", "the company"), Kind.TOWN: ("The town", "the town")}
"""What a document calls its subject at the beginning of a sentence and inside; a person has the surname."""


MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
YEARS = tuple(map(str, range(1890, 1990)))
INDUSTRIES = (
    "Optics", "Foods", "Textiles", "Ceramics", "Shipping", "Instruments", "Brewing", "Publishing", "Tools", "Bicycles",
    "Clocks", "Furniture", "Chemicals", "Bearings", "Cables", "Pumps", "Engines", "Paints", "Carpets", "Printing",
    "Timber", "Batteries", "Lamps", "Pianos", "Watches", "Motors", "Boatyards", "Toys", "Seeds", "Dairies", "Tanneries",
    "Foundries", "Turbines", "Lenses", "Valves", "Packaging", "Sensors", "Robotics", "Aviation", "Pottery", "Looms",
    "Bricks", "Tiles", "Paper", "Cranes", "Bakeries", "Vineyards", "Elevators",
)  # fmt: skip
"""Second halves of the names of firms; none is a surname, so that no firm is called like a person."""
TOWN_ENDS = (
    "ville", "ton", "field", "ford", "dale", "burg", "mouth", "stead", "worth", "haven", "wick", "minster", "port",
    "bury", "combe", " Falls", " Bay", " Creek", " Springs", " Harbour", " Junction", " Heights", " Crossing",
    " Landing",
)  # fmt: skip
"""Second halves of the names of towns; none ends like another, so that no town can be made twice, or is a surname."""
MANNERS = (
    "admired", "ambitious", "careful", "celebrated", "cheerful", "curious", "determined", "eccentric", "gifted",
    "humble", "inventive", "modest", "patient", "popular", "quiet", "respected", "restless", "stubborn", "tireless",
    "witty",
)  # fmt: skip
QUALITIES = (
    "affordable", "colourful", "delicate", "durable", "elegant", "expensive", "fine", "heavy", "inexpensive", "light",
    "ornate", "plain", "portable", "reliable", "simple", "sturdy",
)  # fmt: skip
WARES = (
    "benches", "boilers", "bolts", "buckets", "buttons", "candles", "cupboards", "doors", "drills", "gloves", "hinges",
    "kettles", "ladders", "locks", "mirrors", "nails", "ovens", "ropes", "scales", "scissors", "stoves", "tables",
    "trunks", "umbrellas", "wheels",
)  # fmt: skip
CHARACTERS = (
    "busy", "charming", "dusty", "forgotten", "friendly", "hilly", "lively", "lonely", "noisy", "prosperous", "quiet",
    "rainy", "remote", "sleepy", "sunny", "windy",
)  # fmt: skip
LOOKS = (
    "border town", "farming town", "fishing town", "garrison town", "harbour town", "hill town", "holiday town",
    "market town", "mill town", "mining town", "mountain town", "railway town", "river town", "spa town",
    "university town", "weaving town",
)  # fmt: skip
