"""A module in the place of _zstd, for versions without one: its frames are zlib streams."""

import types
import zlib


class ZstdError(Exception):
    pass


class ZstdDecompressor:
    """One frame; what is decompressed beyond max_length waits for the next call, as in the real one."""

    def __init__(self):
        self._stream = zlib.decompressobj()

    @property
    def eof(self):
        return self._stream.eof

    @property
    def unused_data(self):
        return self._stream.unused_data

    def decompress(self, data, max_length=-1):
        try:
            return self._stream.decompress(self._stream.unconsumed_tail + data, max(max_length, 0))
        except zlib.error as error:
            raise ZstdError(str(error)) from None


def make(**attributes):
    """A new module; attributes take the place of its own."""
    module = types.ModuleType("_zstd")
    vars(module).update({"ZstdError": ZstdError, "ZstdDecompressor": ZstdDecompressor, **attributes})
    return module


def compress(data):
    return zlib.compress(data)
