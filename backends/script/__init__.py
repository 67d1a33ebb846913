"""Text with emotion cues to Script: what is spoken, under which emotion, with which pauses."""

from backends.script.options import ScriptOptions, read_lexicon
from backends.script.parser import IncrementalParser, estimated_duration_s, parse

__all__ = ["IncrementalParser", "ScriptOptions", "estimated_duration_s", "parse", "read_lexicon"]
