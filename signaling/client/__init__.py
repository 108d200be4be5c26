"""A headless participant: joins a meeting over the same protocols as a browser does."""
