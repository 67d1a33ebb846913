"""MP4 files as the boxes that they are made of."""

import struct


def boxes(data: bytes) -> list[tuple[str, bytes]]:
    """Name and whole content of each box at the top."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big") or len(data) - at
        found.append((data[at + 4 : at + 8].decode("latin-1"), data[at : at + size]))
        at += size
    return found


def unsigned(data: bytes) -> bytes:
    """A clip without its content credentials, which are new each time it is signed: they hold the time, and salt.

    Where its samples lie counts from where its media data begin: the credentials in front of them are as long as the
    signer's certificate makes them.
    """
    begins, kept = 0, list[bytes]()
    for name, content in boxes(data):
        if name == "mdat":
            break
        begins += len(content)
    for name, content in boxes(data):
        if name != "uuid":
            kept.append(_moved(content, -begins) if name == "moov" else content)
    return b"".join(kept)


def _moved(moov: bytes, by: int) -> bytes:
    """With other chunk offsets (ISO/IEC 14496-12, 8.7.5)."""
    moved, at = bytearray(moov), moov.find(b"stco")
    while at >= 0:
        [count] = struct.unpack_from(">I", moov, at + 8)
        offsets = struct.unpack_from(f">{count}I", moov, at + 12)
        struct.pack_into(f">{count}i", moved, at + 12, *(offset + by for offset in offsets))
        at = moov.find(b"stco", at + 12 + 4 * count)
    return bytes(moved)
