"""Timed speech becomes what the face does: a row of ARKit coefficients, pose and gaze a frame."""

from backends.performance.options import PerformanceOptions
from backends.performance.planner import Planner, plan_speech

__all__ = ["PerformanceOptions", "Planner", "plan_speech"]
