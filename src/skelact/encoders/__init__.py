"""Encoders: networks from clips to features, and their files."""
