"""A peer's script in small: takes Wav2Lip's arguments, and shows the portrait with the sound, mouth still."""

import argparse
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import soundfile

parser = argparse.ArgumentParser()
for name in ("checkpoint_path", "face", "audio", "outfile"):
    parser.add_argument(f"--{name}", required=True)
asked = parser.parse_args()
weights = Path(asked.checkpoint_path).read_text(encoding="utf-8")
if weights != "weights":
    raise SystemExit(f"cannot load {weights!r}")
assert Path("temp").is_dir(), "the script wants a folder for what it leaves"
picture = cv2.imread(asked.face)
samples, rate = soundfile.read(asked.audio, dtype="float32")
with av.open(asked.outfile, "w") as container:
    video: Any = container.add_stream("libx264", rate=25)
    video.height, video.width = picture.shape[:2]
    sound: Any = container.add_stream("aac", rate=rate, layout="mono")
    for _ in range(int(25 * len(samples) / rate)):
        container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
    container.mux(video.encode(None))
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), "fltp", "mono")
    frame.sample_rate = rate
    container.mux(sound.encode(frame))
    container.mux(sound.encode(None))
