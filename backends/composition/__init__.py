"""Frames become segments; segments and sound become an MP4; words become captions."""
