"""Common words, which are no names and no items of lists, whatever the case they are written in."""

NO_NAMES = {
    "sorry",
    "birthplace",
    "latter",
    "former",
    "last",
    "next",
    "fifth",
    "fourth",
    "third",
    "second",
    "a", "absolutely", "according", "additionally", "after", "all", "also", "although", "an", "and", "another",
    "answer", "answers", "any", "april", "are", "article", "articles", "as", "at", "august", "based", "because",
    "before", "best", "block", "book", "both", "but", "by", "card", "cards", "certain", "certainly", "chapter",
    "cheers", "clipping", "clippings", "company", "conclusion", "confidence", "consequently", "context", "correct",
    "could", "count", "date", "december", "dictionary", "did", "do", "document", "documented", "documents", "does",
    "done", "drawer", "e.g", "each", "either", "enjoy", "entry", "evidence", "excerpt", "explanation", "false",
    "february", "feel", "file", "files", "final", "finally", "find", "first", "for", "found", "friday", "from",
    "given", "good", "great", "had", "happy", "has", "have", "he", "hello", "hence", "here", "hi", "high", "hope",
    "how", "however", "i", "i'd", "i'll", "i'm", "i've", "i.e", "if", "in", "index", "information", "is", "it",
    "it's", "its", "january", "july", "june", "just", "key", "kind", "let", "likewise", "line", "list", "location",
    "looked", "looking", "low", "map", "march", "may", "maybe", "me", "medium", "mentioned", "might", "moderate",
    "monday", "my", "name", "no", "none", "note", "notes", "nothing", "november", "number", "numbers", "object",
    "october", "of", "ok", "okay", "on", "one", "or", "our", "page", "pages", "paragraph", "passage", "perhaps",
    "person", "place", "please", "possibly", "probably", "question", "quote", "reading", "reason", "reasoning",
    "record", "records", "reference", "regards", "response", "result", "results", "saturday", "search", "section",
    "sections", "see", "september", "she", "since", "so", "some", "source", "sources", "specifically", "stated",
    "step", "sunday", "sure", "table", "text", "thank", "thanks", "that", "that's", "the", "their", "then", "there",
    "there's", "therefore", "these", "they", "this", "those", "though", "thursday", "thus", "title", "to", "total",
    "town", "true", "tuesday", "uncertain", "under", "understood", "unfortunately", "value", "values", "variable",
    "variables", "verification", "verified", "very", "via", "was", "we", "wednesday", "well", "were", "what", "when",
    "where", "whereas", "which", "while", "who", "why", "with", "word", "words", "would", "year", "yes", "you", "your",
}  # fmt: skip
"""Words that begin a sentence, head a document or speak to the reader."""

SMALL_TALK = NO_NAMES | {
    "above", "anything", "appear", "appears", "asked", "be", "below", "can", "come", "common", "day", "else", "etc",
    "everything", "fifth", "five", "follow", "followed", "following", "four", "fourth", "frequent", "frequently",
    "further", "help", "helps", "indeed", "know", "last", "lot", "luck", "more", "most", "namely", "need", "next",
    "not", "occurrence", "occurrences", "often", "once", "only", "order", "respective", "respectively", "second",
    "such", "ten", "third", "three", "tie", "tied", "times", "too", "twice", "two", "us", "used",
}  # fmt: skip
"""Words that stand beside answers and are none."""
