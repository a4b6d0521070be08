"""Where documents are read from: files, folders, object stores and datasets, record by record."""
