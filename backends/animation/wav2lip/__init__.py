"""Wav2Lip: mouths that follow the sound, on photos and videos."""
