"""MP4 files as the boxes that they are made of."""


def boxes(data: bytes) -> list[tuple[str, bytes]]:
    """Name and whole content of each box at the top."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big") or len(data) - at
        found.append((data[at + 4 : at + 8].decode("latin-1"), data[at : at + size]))
        at += size
    return found


def unsigned(data: bytes) -> bytes:
    """A clip without its content credentials, which are new each time it is signed: they hold the time, and salt."""
    return b"".join(content for name, content in boxes(data) if name != "uuid")
