"""What a build will make, decided on lengths alone before any of it exists."""
