"""Text to tokens: the vocabulary, spans, plain and chat layouts, exact lengths."""
