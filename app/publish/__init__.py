"""Copies of a model's pages that need no server: files with relative links, for any web host."""
