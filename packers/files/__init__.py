"""Files as they lie on disk: Parquet of rows and of the document table, the token store, texts on their way."""
