"""Serve config files, one a tier."""
