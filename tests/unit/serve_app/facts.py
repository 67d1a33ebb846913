"""A finished clip's facts, for tests that need some."""

from serve_app.schemas import ClipFacts, Engines

FACTS = ClipFacts(
    path="/v1/videos/x/content",
    duration_s=1.0,
    frames=25,
    fps=25,
    size=(128, 128),
    tier="test",
    engines=Engines(speech="tone", animation="sketch", encoder="libx264"),
    voice="tone:en",
    language="en",
    seed=0,
    utterances=(),
    phonemes=(),
    warnings=(),
    timings={"drawing": 0.5},
    real_time_factor=0.5,
)
