"""Chatterbox Multilingual: cloned voices, Greek among their languages, from an environment of its own."""
