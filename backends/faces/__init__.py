"""Find, crop, read and describe faces: the one home of landmarks.

- `detect`: `find_faces`, `face_at`, `head_angles`, `person_mask`, `FaceTracker`
- `tracking`, `presence`: one face through a video, its landmarks, its head's pose, and where it is gone
- `images`: `read_image`, from hostile bytes to upright RGB
- `framing`: `Framing` and the arithmetic of crops, without a picture library
- `portrait`: `load_portrait`, `frame_portrait`, `check`
- `presets`: portraits that come inside pinned packages
"""
