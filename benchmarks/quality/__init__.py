"""Measures of finished clips."""
