"""The nouns: settings, recipes, samples, documents, manifests and the errors that name their cure."""
