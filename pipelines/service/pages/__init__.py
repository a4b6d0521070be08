"""What a browser is shown of the service."""
