"""Plain words that composed haystacks are made of."""

DETERMINERS = ("the", "another", "one", "that", "every", "no", "each", "some")
VERBS = (
    "abandoned", "accepted", "admired", "advertised", "bought", "borrowed", "built", "buried", "carried",
    "catalogued", "cherished", "cleaned", "collected", "copied", "counted", "covered", "crossed", "delivered",
    "described", "designed", "discovered", "discussed", "dismantled", "donated", "drew", "emptied", "examined",
    "exchanged", "fetched", "filled", "followed", "forgot", "found", "guarded", "hid", "ignored", "imagined",
    "inherited", "inspected", "invented", "kept", "lent", "lifted", "located", "lost", "measured", "mended",
    "mentioned", "missed", "moved", "named", "needed", "noticed", "offered", "opened", "ordered", "packed",
    "painted", "photographed", "polished", "praised", "preferred", "promised", "protected", "pulled", "pushed",
    "recalled", "received", "recognised", "refused", "registered", "remembered", "rented", "repaired", "replaced",
    "reported", "rescued", "restored", "returned", "sketched", "sold", "sought", "stored", "studied", "surrounded",
    "tested", "touched", "traded", "valued", "visited", "wanted", "washed", "watched", "weighed", "wrapped",
    "wrote about",
)  # fmt: skip
ADVERBS = (
    "also", "always", "barely", "boldly", "briefly", "calmly", "carefully", "eagerly", "easily", "finally",
    "gladly", "gratefully", "hardly", "hastily", "honestly", "kindly", "later", "lazily", "loudly", "mostly",
    "nearly", "never", "often", "once", "openly", "patiently", "politely", "promptly", "proudly", "publicly",
    "quickly", "quietly", "rarely", "recently", "regularly", "sadly", "secretly", "seldom", "silently", "simply",
    "slowly", "sometimes", "soon", "suddenly", "surely", "twice", "usually", "warily", "wisely",
)  # fmt: skip
ADJECTIVES = (
    "abandoned", "amber", "ample", "ancient", "angular", "awkward", "bitter", "bleak", "blunt", "brittle", "broken",
    "bulky", "busy", "careful", "celebrated", "cheap", "cheerful", "clumsy", "coarse", "common", "costly",
    "cramped", "crooked", "crowded", "crude", "curious", "damp", "dented", "dim", "distant", "doubtful", "draughty",
    "dull", "dusty", "early", "elaborate", "elegant", "empty", "enormous", "faded", "famous", "fancy", "flimsy",
    "foreign", "forgotten", "formal", "fragile", "genuine", "gentle", "gloomy", "golden", "graceful", "handsome",
    "handy", "harmless", "heavy", "hollow", "humble", "idle", "imposing", "inferior", "inherited", "lacquered",
    "late", "leaky", "local", "lonely", "loose", "lucky", "massive", "mediocre", "merry", "mighty", "modern",
    "modest", "muddy", "mysterious", "narrow", "neat", "neglected", "noisy", "northern", "obscure", "odd",
    "ordinary", "ornate", "painted", "patched", "patient", "peculiar", "perfect", "plain", "pleasant", "polite",
    "popular", "portable", "precious", "private", "proper", "public", "quaint", "quiet", "rainy", "rare",
    "reliable", "remote", "restless", "rural", "rusty", "sacred", "scruffy", "secret", "shabby", "shiny", "silent",
    "simple", "slender", "slow", "small", "smoky", "solid", "southern", "spare", "splendid", "spotless", "stately",
    "steep", "strange", "sturdy", "sudden", "tattered", "temporary", "tidy", "tiny", "twisted", "ugly", "uneven",
    "unfinished", "unknown", "unusual", "useful", "useless", "usual", "vacant", "valuable", "vast", "weathered",
    "weird", "wobbly", "wonderful", "wooden", "worthless", "half-empty", "ill-fitting", "long-lost",
    "over-ripe", "well-worn", "hand-made", "low-lying", "old-fashioned",
    "so-called",
)  # fmt: skip
NOUNS = (
    "account", "almanac", "anchor", "anvil", "archive", "armchair", "atlas", "attic", "banner", "barge", "barn",
    "barrel", "basket", "beacon", "bell", "bench", "blanket", "boat", "bottle", "bracelet", "bridge", "broom",
    "bucket", "cabin", "cabinet", "calendar", "camera", "canal", "candle", "canoe", "carpet", "carriage", "cart",
    "cellar", "chapel", "chart", "chest", "chimney", "clock", "cloak", "coat", "compass", "cottage", "crane",
    "cupboard", "curtain", "dairy", "depot", "desk", "diary", "document", "drawer", "drum", "easel", "engine",
    "envelope", "fence", "ferry", "fiddle", "flag", "flute", "forge", "fountain", "furnace", "garden", "gate",
    "glove", "granary", "greenhouse", "hammer", "harbour", "harness", "hatbox", "hedge", "helmet", "hinge", "hotel",
    "hourglass", "inn", "jug", "kettle", "kiln", "kiosk", "kitchen", "ladder", "lantern", "lathe", "ledger", "lens",
    "letter", "library", "lock", "locomotive", "loom", "machine", "mailbox", "manor", "manuscript", "map", "market",
    "mast", "meadow", "medal", "mill", "mirror", "mosaic", "museum", "notebook", "oar", "office", "orchard",
    "organ", "oven", "painting", "palace", "pamphlet", "parcel", "path", "pavilion", "photograph", "piano",
    "pillow", "pipe", "plough", "pond", "portrait", "poster", "press", "pulley", "pump", "puppet", "quarry",
    "quilt", "raft", "railway", "ribbon", "ring", "saddle", "sail", "sawmill", "scale", "school", "sculpture",
    "sewing kit", "shed", "shelf", "shelter", "shield", "shop", "shovel", "sideboard", "silo", "sled", "sofa",
    "spade", "spindle", "spire", "stable", "stadium", "staircase", "station", "statue", "stool", "stove", "studio",
    "suitcase", "sundial", "tablet", "tannery", "tapestry", "tavern", "telescope", "tent", "theatre", "timetable",
    "tower", "tractor", "tray", "trumpet", "trunk", "tunnel", "typewriter", "umbrella", "urn", "vase", "vault",
    "vineyard", "violin", "wagon", "wall", "wardrobe", "warehouse", "watch", "watermill", "well", "wharf", "wheel",
    "whistle", "window", "winery", "workshop", "yard",
)  # fmt: skip
SEASONS = ("spring", "summer", "autumn", "winter")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
