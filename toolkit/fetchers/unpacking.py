"""gzip, unpacked in small pieces and to its very end: for files and for answers alike."""

import zlib
from collections.abc import Iterable, Iterator

CHUNK = 65536
"""Largest piece, in bytes, that one step gives."""


def inflate(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip in pieces of at most 64 KB, so that a bomb can be stopped; files may be joined end to end.

    Raises:
        zlib.error: the data is damaged; its checksum is compared.
        EOFError: it ends before its end.
    """
    decoder = zlib.decompressobj(wbits=31)
    for data in pieces:
        while data:
            if decoder.eof:
                decoder = zlib.decompressobj(wbits=31)
            if piece := decoder.decompress(data, CHUNK):
                yield piece
            data = decoder.unconsumed_tail or decoder.unused_data
    if not decoder.eof:
        while piece := decoder.decompress(decoder.unconsumed_tail, CHUNK):
            yield piece
    if not decoder.eof:
        raise EOFError
