"""Long-context training data: exact in length and tokens, document-masked, reproducible."""

__version__ = "0.1.0"
