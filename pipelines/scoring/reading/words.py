"""Common words, which are no names and no items of lists, whatever the case they are written in."""

NO_NAMES = {
    "mr", "mrs", "ms", "miss", "sir", "prof", "professor", "mayor", "saint",
    "a", "absolutely", "according", "additionally", "after", "ah", "all", "also", "although", "an", "and", "another",
    "answer", "answers", "any", "apologies", "april", "are", "article", "articles", "as", "assistant", "at", "august",
    "based", "because", "before", "best", "birthplace", "block", "book", "both", "but", "by", "bye", "candidate",
    "card", "cards", "certain", "certainly", "chapter", "cheers", "clearly", "clipping", "clippings", "company",
    "conclusion", "confidence", "consequently", "context", "correct", "could", "count", "date", "december",
    "definitely", "dictionary", "did", "do", "document", "documented", "documents", "does", "done", "dr", "drawer",
    "e.g", "each", "easy", "edit", "either", "enjoy", "entry", "evidence", "exactly", "excerpt", "explanation",
    "false", "february", "feel", "fifth", "file", "files", "final", "finally", "find", "first", "for", "former",
    "found", "fourth", "friday", "from", "given", "good", "goodbye", "great", "greetings", "had", "happy", "has",
    "have", "he", "hello", "hence", "here", "hi", "high", "hmm", "hope", "how", "however", "human", "human-readable",
    "i", "i'd", "i'll", "i'm", "i've", "i.e", "if", "in", "indeed", "index", "information", "interesting", "is", "it",
    "it's", "its", "january", "july", "june", "just", "key", "kind", "kindly", "last", "latter", "let", "likewise",
    "line", "list", "location", "looked", "looking", "low", "map", "march", "may", "maybe", "me", "medium",
    "mentioned", "might", "moderate", "monday", "my", "name", "next", "no", "none", "note", "notes", "nothing",
    "november", "number", "numbers", "object", "obviously", "october", "of", "oh", "ok", "okay", "on", "one",
    "option", "or", "others", "our", "page", "pages", "paragraph", "passage", "perfect", "perhaps", "person", "place",
    "please", "possibly", "probably", "question", "quote", "reading", "reason", "reasoning", "record", "records",
    "reference", "regards", "respectfully", "response", "result", "results", "right", "saturday", "search", "second",
    "section", "sections", "see", "september", "she", "short", "simple", "since", "sincerely", "so", "some", "sorry",
    "source", "sources", "specifically", "stated", "step", "sunday", "sure", "table", "text", "thank", "thanks",
    "that", "that's", "the", "their", "then", "there", "there's", "therefore", "these", "they", "third", "this",
    "those", "though", "thursday", "thus", "title", "tl", "tldr", "to", "total", "town", "true", "tuesday",
    "uncertain", "under", "understood", "undoubtedly", "unfortunately", "update", "user", "value", "values",
    "variable", "variables", "verification", "verified", "very", "via", "voila", "was", "we", "wednesday", "welcome",
    "well", "were", "what", "whatever", "when", "where", "whereas", "which", "while", "who", "why", "with", "word",
    "words", "would", "wow", "year", "yes", "you", "your",
}  # fmt: skip
"""Words that begin a sentence, head a document or speak to the reader."""

SMALL_TALK = NO_NAMES | {
    "above", "anything", "appear", "appears", "asked", "be", "below", "can", "come", "common", "day", "else", "etc",
    "everything", "five", "follow", "followed", "following", "four", "frequent", "frequently", "further", "help",
    "helps", "know", "lot", "luck", "more", "most", "namely", "need", "not", "occurrence", "occurrences", "often",
    "once", "only", "order", "respective", "respectively", "such", "ten", "three", "tie", "tied", "times", "too",
    "twice", "two", "us", "used",
}  # fmt: skip
"""Words that stand beside answers and are none."""
