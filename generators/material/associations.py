"""What is known of the world and links two things without a common word: sights and cities, tools and trades.

All pairs of a relation differ in both of their sides, and what one of them says is no answer to another's question.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Relation:
    """Pairs of a thing and what follows from it, and how both are said of a person."""

    id: str
    statement: str
    """Says the thing, {x}, of a person, {name}."""
    question: str
    """Asks for the person of whom the other side, {x}, is true."""
    trap: str
    """Says of a person something about the other side, {x}, that does not make it true of the person."""
    pairs: Sequence[tuple[str, str]]


RELATIONS = (
    Relation(
        "sight",
        "From the kitchen window of {name} one looks out on {x}.",
        "Whose home is in {x}?",
        "{name} once read a novel about {x}.",
        (
            ("the Eiffel Tower", "Paris"), ("the Colosseum", "Rome"), ("the Brandenburg Gate", "Berlin"),
            ("the Sagrada Familia", "Barcelona"), ("the Charles Bridge", "Prague"),
            ("the statue of the Little Mermaid", "Copenhagen"), ("the Hagia Sophia", "Istanbul"),
            ("the Golden Gate Bridge", "San Francisco"), ("the Space Needle", "Seattle"),
            ("the Gateway Arch", "Saint Louis"), ("Bondi Beach", "Sydney"), ("Table Mountain", "Cape Town"),
            ("Copacabana beach", "Rio de Janeiro"), ("the Burj Khalifa", "Dubai"),
            ("the Petronas Towers", "Kuala Lumpur"), ("the Forbidden City", "Beijing"), ("Red Square", "Moscow"),
            ("the Acropolis", "Athens"), ("the Rialto Bridge", "Venice"), ("the Uffizi", "Florence"),
            ("the Prado", "Madrid"), ("Big Ben", "London"), ("the Rijksmuseum", "Amsterdam"),
            ("the Atomium", "Brussels"), ("the Belvedere and the Prater wheel", "Vienna"), ("Wawel Castle", "Krakow"),
            ("the Fisherman's Bastion", "Budapest"), ("Wrigley Field", "Chicago"), ("Fenway Park", "Boston"),
            ("the Liberty Bell", "Philadelphia"), ("the Alhambra", "Granada"), ("the Taj Mahal", "Agra"),
            ("the Belem Tower", "Lisbon"), ("the CN Tower", "Toronto"),
        ),
    ),
    Relation(
        "tool",
        "All week long {name} is busy with {x}.",
        "Who is {x} by trade?",
        "{name} lives next door to {x}.",
        (
            ("a theodolite and levelling rods", "a surveyor"), ("a stethoscope and patients", "a doctor"),
            ("an anvil, tongs and red-hot iron", "a blacksmith"), ("a loom, warp and weft", "a weaver"),
            ("wet clay and a kiln", "a potter"), ("hives, smoke and frames of honeycomb", "a beekeeper"),
            ("crowns, fillings and other people's molars", "a dentist"), ("chisels and blocks of marble", "a sculptor"),
            ("sourdough, flour and a hot oven", "a baker"), ("lasts, leather and heels", "a shoemaker"),
            ("telescopes and the spectra of stars", "an astronomer"), ("combs, scissors and perms", "a hairdresser"),
            ("leaking taps and blocked drains", "a plumber"), ("mortar, trowel and courses of brick", "a mason"),
            ("fuses, sockets and wiring", "an electrician"), ("strings, dampers and a tuning fork", "a piano tuner"),
            ("proofs, lemmas and theorems", "a mathematician"), ("hem, needle and thread", "a tailor"),
            ("trawl, nets and the catch of cod", "a fisherman"), ("cleavers, sausages and chops", "a butcher"),
        ),
    ),
    Relation(
        "author",
        "Every evening {name} opens the works of {x} as they were first printed.",
        "Who understands {x}?",
        "{name} has given up learning {x}.",
        (
            ("Pushkin", "Russian"), ("Goethe", "German"), ("Cervantes", "Spanish"), ("Dante", "Italian"),
            ("Camoes", "Portuguese"), ("Ibsen", "Norwegian"), ("Hans Christian Andersen", "Danish"),
            ("Strindberg", "Swedish"), ("Victor Hugo", "French"), ("Hafez", "Persian"), ("Natsume Soseki", "Japanese"),
            ("Lu Xun", "Chinese"), ("Mickiewicz", "Polish"), ("Petofi", "Hungarian"), ("Naguib Mahfouz", "Arabic"),
            ("Orhan Pamuk", "Turkish"), ("Halldor Laxness", "Icelandic"), ("Karel Capek", "Czech"),
            ("Ivan Vazov", "Bulgarian"), ("Eminescu", "Romanian"), ("Charles Dickens", "English"),
        ),
    ),
    Relation(
        "currency",
        "At the end of each month {name} is handed wages in {x}.",
        "Who is employed in {x}?",
        "{name} has a calendar with pictures of {x}.",
        (
            ("zlotys", "Poland"), ("forints", "Hungary"), ("baht", "Thailand"), ("dong", "Vietnam"), ("yen", "Japan"),
            ("rand", "South Africa"), ("rupiah", "Indonesia"), ("shekels", "Israel"), ("hryvnias", "Ukraine"),
            ("lari", "Georgia"), ("tenge", "Kazakhstan"), ("quetzals", "Guatemala"), ("ringgits", "Malaysia"),
            ("birr", "Ethiopia"), ("cedis", "Ghana"), ("naira", "Nigeria"), ("ngultrums", "Bhutan"),
            ("taka", "Bangladesh"), ("kwachas", "Zambia"), ("togrogs", "Mongolia"),
        ),
    ),
)  # fmt: skip
