"""Checkpoints: tensors in files, as TensorFlow keeps them (its "V2" format).

`model.data-00000-of-00001` holds the elements of all tensors, end to end.
`model.index` is a sorted table: name -> dtype, shape, place and checksum. The text file
`checkpoint` says which checkpoint is the latest.
"""

# Generated from book/source/28_checkpoints.md: change it there, then `make export`.

from __future__ import annotations

import errno
import functools
import importlib
import math
import os
import re
import struct
import threading
import warnings
from contextlib import contextmanager, suppress
from typing import NamedTuple

import numpy as np

from pedagogy_tf.core.dtypes import as_dtype, string
from pedagogy_tf.core.errors import (
    DataLossError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    OutOfRangeError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnimplementedError,
    UnknownError,
    near_misses,
)

__all__ = [
    "POLYNOMIAL",
    "byte_table",
    "crc_of_bytes",
    "push",
    "zero_bytes",
    "pair_table",
    "crc_in_lanes",
    "extend_crc",
    "crc_library",
    "mask",
    "unmask",
    "put_varint",
    "get_varint",
    "field",
    "unless_zero",
    "fields",
    "Entry",
    "read_entry",
    "shared_bytes",
    "Block",
    "MAGIC",
    "FOOTER",
    "BLOCK_SIZE",
    "separator",
    "write_table",
    "read_table",
    "read_block",
    "block_entries",
    "encode",
    "encode_strings",
    "crc_of_lengths",
    "decode_strings",
    "trouble",
    "NO_TABLE",
    "damaged",
    "FILE_ERRORS",
    "file_errors",
    "SAVING",
    "data_file",
    "unfinished",
    "half_renamed",
    "index_file",
    "settle",
    "settle_all",
    "write_flushed",
    "flush_folder",
    "write_whole",
    "parse_slice",
    "slice_key",
    "write_bundle",
    "settle_failed",
    "encoded",
    "CheckpointReader",
    "NewCheckpointReader",
    "as_text",
    "no_checkpoint",
    "ENUM_NAMES",
    "enum_name",
    "in_line",
    "CheckpointState",
    "quoted",
    "unquoted",
    "parse_state",
    "state_file",
    "generate_checkpoint_state_proto",
    "relative",
    "update_checkpoint_state",
    "get_checkpoint_state",
    "checkpoint_exists",
    "latest_checkpoint",
    "get_checkpoint_mtimes",
    "remove_checkpoint",
    "load_checkpoint",
    "load_variable",
    "list_variables",
]


## A checksum

POLYNOMIAL = 0x82F63B78  # Castagnoli's, its lowest coefficient in the highest bit


@functools.cache
def byte_table():
    """The state after one more byte, for each of the 256 bytes."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, table >> 1 ^ np.uint32(POLYNOMIAL), table >> 1)
    return table.astype(np.uint32)


def crc_of_bytes(data, state):
    """The state after `data`, byte by byte: about 8 MB a second."""
    table = _byte_list()
    for byte in data:
        state = table[(state ^ byte) & 255] ^ state >> 8
    return state


@functools.cache
def _byte_list():
    return byte_table().tolist()


### Many lanes at once


def push(images, states):
    """A linear map of 32 bits, given its images of the single bits, at work."""
    byte, result = np.arange(256), np.zeros_like(states)
    for first in range(0, 32, 8):
        table = np.zeros(256, np.uint32)
        for bit in range(8):
            table[byte >> bit & 1 == 1] ^= images[first + bit]
        result ^= table[states >> np.uint32(first) & 255]
    return result


def zero_bytes(count):
    """The images of the map that `count` zero bytes are; by repeated squaring."""
    result = np.uint32(1) << np.arange(32, dtype=np.uint32)
    one = byte_table()[result & 255] ^ result >> 8
    while count:
        if count & 1:
            result = push(one, result)
        one, count = push(one, one), count >> 1
    return result


@functools.cache
def pair_table():
    """The state after two more bytes, for each of the 65,536 pairs."""
    pairs, table = np.arange(65536), byte_table()
    first = table[pairs & 255]
    return table[(first ^ pairs >> 8) & 255] ^ first >> 8


def crc_in_lanes(data, state):
    """The state after `data`, a thousand lanes or so at a time: 200 MB a second."""
    data = np.frombuffer(data, np.uint8)
    lanes = 1 << data.size.bit_length() // 2
    width = data.size // lanes & ~1
    body, rest = data[: lanes * width], data[lanes * width :]
    words = body.reshape(lanes, width).view("<u2")  # (lanes, pairs)
    states, table = np.zeros(lanes, np.uint32), pair_table()
    states[0] = state
    for pair in np.ascontiguousarray(words.T):
        states = table[(states ^ pair) & 65535] ^ states >> 16
    images = zero_bytes(width)
    while len(states) > 1:
        states = push(images, states[0::2]) ^ states[1::2]
        images = push(images, images)  # the lanes are twice as wide now
    return crc_of_bytes(rest.tolist(), int(states[0]))


def extend_crc(crc, data):
    """The CRC-32C of what has the CRC-32C `crc`, followed by `data`."""
    library = crc_library()
    if library:
        return library.extend(crc, bytes(data))
    lanes = crc_in_lanes if len(data) > 1 << 14 else crc_of_bytes
    return lanes(data, crc ^ 0xFFFFFFFF) ^ 0xFFFFFFFF


@functools.cache
def crc_library():
    """The package google_crc32c, or None where it is not installed or not in C."""
    with suppress(ImportError):
        library = importlib.import_module("google_crc32c")
        return library if library.implementation == "c" else None
    return None


def mask(crc):
    """A checksum as it is stored, so that one of checksums is no special case."""
    return (crc >> 15 | crc << 17) + 0xA282EAD8 & 0xFFFFFFFF


def unmask(stored):
    """The checksum that was stored so."""
    turned = stored - 0xA282EAD8 & 0xFFFFFFFF
    return (turned >> 17 | turned << 15) & 0xFFFFFFFF


## Messages


def put_varint(number):
    """A number >= 0, seven bits in each byte, the lowest first."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def get_varint(data, position):
    """The number there, and the position behind it. ValueError if it is too long."""
    number = shift = 0
    while shift < 70:
        byte = data[position]
        number |= (byte & 127) << shift
        position, shift = position + 1, shift + 7
        if byte < 128:
            return number, position
    raise ValueError("a number of more than ten bytes")


def field(number, value):
    """A field of a message: of a number, or of bytes."""
    if isinstance(value, int):
        return put_varint(number << 3) + put_varint(value)
    return put_varint(number << 3 | 2) + put_varint(len(value)) + value


def unless_zero(number, value):
    """A field, or nothing where the value is zero, as readers assume then."""
    return field(number, value) if value else b""


def fields(data):
    """The (number, value) pairs of a message. ValueError if it is none."""
    position = 0
    while position < len(data):
        tag, position = get_varint(data, position)
        kind = tag & 7
        if kind == 0:
            value, position = get_varint(data, position)
        else:
            if kind == 2:
                size, position = get_varint(data, position)
            else:
                size = {1: 8, 5: 4}[kind]
            value, position = data[position : position + size], position + size
        if position > len(data):
            raise ValueError("a field ends behind its message")
        yield tag >> 3, value if kind in (0, 2) else int.from_bytes(value, "little")


### An entry


class Entry(NamedTuple):
    """What an index says of a tensor.

    Attributes:
      dtype: TensorFlow's number of the dtype.
      shape: the sizes.
      shard: the number of the data file.
      offset, size: where the bytes are.
      crc: the masked checksum of them.
      slices: if the tensor was saved in parts, the parts: (start, length) per axis.
    """

    dtype: int = 0
    shape: tuple = ()
    shard: int = 0
    offset: int = 0
    size: int = 0
    crc: int = 0
    slices: tuple = ()

    def to_bytes(self):
        """The message."""
        shape = b"".join([field(2, unless_zero(1, n)) for n in self.shape])
        out = unless_zero(1, self.dtype) + field(2, shape)
        for number, value in ((3, self.shard), (4, self.offset), (5, self.size)):
            out += unless_zero(number, value)
        if self.crc:
            out += put_varint(6 << 3 | 5) + struct.pack("<I", self.crc)
        for part in self.slices:
            extents = [field(1, unless_zero(1, s) + field(2, n)) for s, n in part]
            out += field(7, b"".join(extents))
        return out


def read_entry(data):
    """The Entry that a message holds. ValueError or TypeError if it is damaged."""
    found, shape, slices = {}, (), []
    for number, value in fields(data):
        if number == 2:
            sizes = [dict(fields(dim)) for n, dim in fields(value) if n == 2]
            shape = tuple([size.get(1, 0) for size in sizes])
        elif number == 7:
            extents = [dict(fields(extent)) for _, extent in fields(value)]
            slices.append(tuple([(e.get(1, 0), e.get(2)) for e in extents]))
        else:
            found[number] = value
    numbers = [found.get(number, 0) for number in (3, 4, 5, 6)]
    extents = [n for part in slices for pair in part for n in pair if n is not None]
    if not all(isinstance(n, int) for n in (*numbers, *shape, *extents)):
        raise ValueError("bytes in the place of a number")
    return Entry(found.get(1, 0), shape, *numbers, tuple(slices))


## A sorted table


def shared_bytes(x, y):
    """How many bytes two keys have in common, from the first on."""
    different = (i for i, (a, b) in enumerate(zip(x, y)) if a != b)
    return next(different, min(len(x), len(y)))


class Block:
    """A run of sorted entries, of which neighbours share the beginnings of their keys.

    Args:
      interval: every how many entries one is written whole.
    """

    def __init__(self, interval=16):
        self.out, self.restarts, self.count = bytearray(), [0], 0
        self.interval, self.last = interval, b""

    def add(self, key, value):
        """Append an entry of bytes."""
        shared = 0
        if self.count % self.interval:
            shared = shared_bytes(key, self.last)
        elif self.count:
            self.restarts.append(len(self.out))
        for number in (shared, len(key) - shared, len(value)):
            self.out += put_varint(number)
        self.out += key[shared:] + value
        self.last, self.count = key, self.count + 1

    def size(self):
        """How many bytes it takes."""
        return len(self.out) + 4 * len(self.restarts) + 4

    def to_bytes(self):
        """The entries, where the whole ones are, and how many of these there are."""
        ends = [*self.restarts, len(self.restarts)]
        return bytes(self.out) + struct.pack(f"<{len(ends)}I", *ends)


MAGIC = 0xDB4775248B80FB57  # the last eight bytes of every table
FOOTER = 48
BLOCK_SIZE = 262_144


def separator(key, following=None):
    """A short key from `key` up to, but without, `following`."""
    if following is None:
        same = next((i for i, byte in enumerate(key) if byte < 255), len(key))
    else:
        same = shared_bytes(key, following)
        if len(key) == same or key[same] + 1 >= following[same]:
            return key
    return key[:same] + bytes([key[same] + 1]) if same < len(key) else key


def write_table(items):
    """The bytes of a table of (key, value) pairs, which come in the order of keys."""
    out, index, block, waiting = bytearray(), Block(1), Block(), None

    def finish(block):
        body = block.to_bytes() + b"\0"  # the type: not compressed
        handle = put_varint(len(out)) + put_varint(len(body) - 1)
        out.extend(body + struct.pack("<I", mask(extend_crc(0, body))))
        return handle

    for key, value in items:
        if waiting:
            index.add(separator(block.last, key), waiting)
            block, waiting = Block(), None
        block.add(key, value)
        if block.size() >= BLOCK_SIZE:
            waiting = finish(block)
    if block.count and not waiting:
        waiting = finish(block)
    meta = finish(Block())
    if waiting:
        index.add(separator(block.last), waiting)
    footer = meta + finish(index)
    return bytes(out) + footer.ljust(FOOTER - 8, b"\0") + struct.pack("<Q", MAGIC)


def read_table(data):
    """The (key, value) pairs of a table. ValueError says what is wrong with it."""
    position = len(data) - FOOTER
    _, position = get_varint(data, position)
    _, position = get_varint(data, position)
    last, room = None, 100 * len(data)
    for _, handle in block_entries(read_block(data, position)):
        for key, value in block_entries(read_block(handle, 0, data)):
            room -= len(key)
            if (last is not None and key <= last) or room < 0:
                raise ValueError("keys that do not rise, or are too long")
            yield key, value
            last = key


def read_block(handle, position, data=None):
    """The block that a handle points to, without its checksum, which is right."""
    data = handle if data is None else data
    start, position = get_varint(handle, position)
    size, _ = get_varint(handle, position)
    block, stored = data[start : start + size + 1], data[start + size + 1 :][:4]
    if len(stored) < 4:
        raise ValueError("truncated block read")
    if unmask(int.from_bytes(stored, "little")) != extend_crc(0, block):
        raise ValueError("block checksum mismatch")
    if block[-1]:
        raise ValueError("a compressed block, which no checkpoint of this format has")
    return block[:-1]


def block_entries(block):
    """The (key, value) pairs of a block."""
    restarts = int.from_bytes(block[-4:], "little")
    end, position, key = len(block) - 4 - 4 * restarts, 0, b""
    while position < end:
        shared, position = get_varint(block, position)
        fresh, position = get_varint(block, position)
        size, position = get_varint(block, position)
        middle = position + fresh
        if middle + size > end or shared > len(key):
            raise ValueError("bad entry in block")
        key = key[:shared] + block[position:middle]
        position = middle + size
        yield key, block[middle:position]


## The elements


def encode(array):
    """The bytes of an array in a data file, and their checksum."""
    if as_dtype(array.dtype) == string:
        return encode_strings(array)
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    raw = np.ascontiguousarray(little).reshape(-1).view(np.uint8).data
    return raw, extend_crc(0, raw)


def encode_strings(array):
    """The same for texts, which are bytes or str."""
    texts = [t.encode() if isinstance(t, str) else bytes(t) for t in array.flat]
    check = struct.pack("<I", mask(crc_of_lengths(map(len, texts))))
    raw = b"".join([*[put_varint(len(t)) for t in texts], check, *texts])
    crc = extend_crc(crc_of_lengths(map(len, texts)), check + b"".join(texts))
    return raw, crc


def crc_of_lengths(lengths):
    """The checksum of lengths: each in four bytes, or in eight if it needs them."""
    forms = [("<I" if n < 1 << 32 else "<Q", n) for n in lengths]
    return extend_crc(0, b"".join([struct.pack(form, n) for form, n in forms]))


def decode_strings(raw, count):
    """The texts, and their checksum. ValueError if the lengths are damaged."""
    lengths, position = [], 0
    if count > len(raw):
        raise ValueError("more strings than bytes")
    for _ in range(count):
        length, position = get_varint(raw, position)
        lengths.append(length)
    start = position + 4
    crc, stored = crc_of_lengths(lengths), int.from_bytes(raw[position:start], "little")
    if unmask(stored) != crc or start + sum(lengths) != len(raw):
        raise ValueError("the checksum of the lengths does not match")
    ends = np.cumsum([start, *lengths])
    texts = np.empty(count, object)
    texts[:] = [raw[a:b] for a, b in zip(ends[:-1], ends[1:], strict=True)]
    return texts, extend_crc(crc, raw[position:])


## Say what is wrong with a file


def trouble(kind, first_line, **facts):
    """An error of a class of `tf.errors` that says what happened, and some facts."""
    lines = [f"  {label.replace('_', ' ')}: {fact}" for label, fact in facts.items()]
    return kind(None, None, "\n".join([first_line, *lines]))


NO_TABLE = {
    "short": "file is too short to be an sstable",
    "magic": "not an sstable (bad magic number)",
}


def damaged(path, reason):
    """The error for an index that cannot be read."""
    first = (
        f"Unable to read file ({path}). Perhaps the file is corrupt or was produced by "
        "a newer version of TensorFlow with format changes (failed to seek to header "
        f"entry): {reason}"
    )
    first = NO_TABLE.get(reason, first)
    fix = "restore an older checkpoint, or copy the file again"
    return trouble(DataLossError, first, file=path, fix=fix)


FILE_ERRORS = {
    errno.ENOENT: NotFoundError,
    errno.ENOTDIR: FailedPreconditionError,
    errno.EEXIST: FailedPreconditionError,
    errno.EACCES: PermissionDeniedError,
    errno.EPERM: PermissionDeniedError,
    errno.EROFS: PermissionDeniedError,
    errno.ENOSPC: ResourceExhaustedError,
    errno.EFBIG: ResourceExhaustedError,
}


@contextmanager
def file_errors(path):
    """A block in which trouble with files gets the class that TensorFlow gives it."""
    try:
        yield
    except OSError as error:
        kind = FILE_ERRORS.get(error.errno, UnknownError)
        place = error.filename or path
        raise trouble(kind, f"{place}; {error.strerror or error}") from error


## Write, so that nothing is lost

SAVING = threading.RLock()  # one save at a time: the other names are not shared


def data_file(prefix, shard=0, shards=1):
    """The name of a data file."""
    return f"{prefix}.data-{shard:05d}-of-{shards:05d}"


def unfinished(path):
    """The name of a file while it is being written."""
    return f"{path}.tempstate"


def half_renamed(prefix):
    """Whether a save was killed between its two renames."""
    return os.path.exists(unfinished(f"{prefix}.index")) and not os.path.exists(
        unfinished(data_file(prefix))
    )


def index_file(prefix):
    """The name of the index that belongs to the data file."""
    name = f"{prefix}.index"
    return unfinished(name) if half_renamed(prefix) else name


def settle(prefix):
    """Finish what a killed save had all but done, or clear away what it left."""
    index, data = f"{prefix}.index", data_file(prefix)
    if half_renamed(prefix):
        os.replace(unfinished(index), index)
    for path in (index, data):  # in this order: see half_renamed
        with suppress(FileNotFoundError):
            os.remove(unfinished(path))


def settle_all(prefix):
    """Settle the saves of all steps: model-100, model-200, ..."""
    folder, base = os.path.split(re.sub(r"-\d+$", "", prefix))
    name = rf"({re.escape(base)}(?:-\d+)?)\.(?:index|data-\d+-of-\d+)\.tempstate"
    for file in sorted(os.listdir(folder or ".")):
        found = re.fullmatch(name, file)
        if found:
            settle(os.path.join(folder, found[1]))


def write_flushed(path, chunks):
    """Write a file, and wait until it is on the disk."""
    with open(path, "wb", buffering=1 << 20) as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def flush_folder(path):
    """Wait until the names in the folder of `path` are on the disk."""
    with suppress(OSError):  # Windows has no such thing
        folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_whole(path, text):
    """Write a file of text so that it is there whole, or as it was."""
    with file_errors(path):
        write_flushed(unfinished(path), [text.encode()])
        os.replace(unfinished(path), path)
        flush_folder(path)


### Parts of a tensor


def parse_slice(text):
    """`4 2 2,2:-` as ((4, 2), ((2, 2), (0, 2))): the full shape, start and length.

    Raises:
      InvalidArgumentError: it is not of that form, or not inside the shape.
    """
    try:
        *sizes, extents = text.split(" ")
        sizes = tuple([int(size) for size in sizes])
        pairs = [None if e == "-" else e.split(",") for e in extents.split(":")]
        part = tuple(
            [
                (0, size) if pair is None else (int(pair[0]), int(pair[1]))
                for size, pair in zip(sizes, pairs, strict=True)
            ]
        )
        inside = all(0 <= s <= s + n <= size for size, (s, n) in zip(sizes, part))
    except (ValueError, IndexError):
        inside = False
    if not inside:
        message = f"Could not parse the shape and slice {text!r}"
        raise trouble(InvalidArgumentError, message, expected="such as 4 2 2,2:0,2")
    return sizes, part


def slice_key(name, part):
    """The key of a part: numbers are written so that their bytes sort as they do."""

    def count(n):
        body = n.to_bytes((n.bit_length() + 7) // 8, "big")
        return bytes([len(body)]) + body

    def signed(n):  # as many leading ones as bytes; n >= 0
        size = n.bit_length() // 7 + 1
        head = (1 << size) - 1 << 7 * size if size > 1 else 128
        return (n | head).to_bytes(size, "big")

    numbers = [signed(n) for extent in part for n in extent]
    return b"".join([count(0), name, b"\0\1", count(len(part)), *numbers])


### Both files


def write_bundle(prefix, tensors):
    """Write a checkpoint: all of it, or nothing.

    Args:
      prefix: the beginning of the names of the files; missing folders are made.
      tensors: (name, array, slice) for each; an empty slice for all of a tensor.

    Raises:
      OpError: of the class that says why a file could not be written.
      InvalidArgumentError: two tensors have the same name, or a slice is wrong.
    """
    data, index = data_file(prefix), f"{prefix}.index"
    with SAVING, file_errors(prefix):
        os.makedirs(os.path.dirname(prefix) or ".", exist_ok=True)
        settle_all(prefix)
        try:
            entries = {}
            write_flushed(unfinished(data), encoded(tensors, entries))
            header = field(1, 1) + field(3, field(1, 1))  # one file; version 1
            items = [(key, entries[key].to_bytes()) for key in sorted(entries)]
            write_flushed(unfinished(index), [write_table([(b"", header), *items])])
        except BaseException:
            settle_failed(prefix)
            raise
        os.replace(unfinished(data), data)
        os.replace(unfinished(index), index)
        flush_folder(prefix)


def settle_failed(prefix):
    """Clear away both unfinished files."""
    for path in (f"{prefix}.index", data_file(prefix)):
        with suppress(OSError):
            os.remove(unfinished(path))


def encoded(tensors, entries):
    """The bytes of the data file, tensor by tensor; `entries` gets their entries."""
    offset = 0
    for name, array, text in tensors:
        array, key = np.asarray(array), name.encode()
        dtype = as_dtype(array.dtype).as_datatype_enum
        if text:
            full, part = parse_slice(text)
            whole = entries.get(key, Entry(dtype, full))
            entries[key] = whole._replace(slices=(*whole.slices, part))
            key = slice_key(key, part)
        if key in entries:
            raise trouble(InvalidArgumentError, f"Adding duplicate key: {name}")
        raw, crc = encode(array)
        entries[key] = Entry(dtype, array.shape, 0, offset, len(raw), mask(crc))
        offset += len(raw)
        yield raw


### The reader


class CheckpointReader:
    """The tensors of a checkpoint, by name.

    Args:
      filepattern: the prefix of its files, as `Saver.save` returned it.

    Raises:
      NotFoundError: there is no such checkpoint.
      DataLossError: its index is damaged.
    """

    def __init__(self, filepattern):
        self.prefix = as_text(filepattern)
        path = index_file(self.prefix)
        try:
            with file_errors(path), open(path, "rb") as file:
                data = file.read()
        except NotFoundError:
            raise no_checkpoint(self.prefix) from None
        if len(data) < FOOTER:
            raise damaged(path, "short")
        if int.from_bytes(data[-8:], "little") != MAGIC:
            raise damaged(path, "magic")
        try:
            self._take(dict(read_table(data)))
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise damaged(path, error) from None

    def _take(self, table):
        """Take over the entries of the index."""
        header = dict(fields(table.pop(b"")))
        self._shards, self._big = int(header.get(1, 0)), header.get(2, 0) == 1
        self._entries = {key: read_entry(value) for key, value in table.items()}
        for entry in self._entries.values():
            as_dtype(entry.dtype)
        self._names = {k.decode(): k for k in self._entries if not k.startswith(b"\0")}

    def has_tensor(self, tensor_str):
        """Whether there is a tensor of that name."""
        return as_text(tensor_str) in self._names

    def get_variable_to_shape_map(self):
        """name -> list of sizes."""
        return {n: list(self._entries[k].shape) for n, k in self._names.items()}

    def get_variable_to_dtype_map(self):
        """name -> DType."""
        return {n: as_dtype(self._entries[k].dtype) for n, k in self._names.items()}

    def debug_string(self):
        """A line for each tensor: name, dtype and shape; as bytes."""
        lines = [
            key + f" ({enum_name(entry.dtype)}) {in_line(entry.shape)}\n".encode()
            for key, entry in self._entries.items()
        ]
        return b"".join(lines)

    def get_tensor(self, tensor_str):
        """The value of a tensor.

        Raises:
          NotFoundError: there is none of that name, or a data file is missing.
          OutOfRangeError: the data file is too short.
          DataLossError: the bytes are not those that were written.
        """
        name = as_text(tensor_str)
        if name not in self._names:
            near = near_misses(name, self._names)
            facts = {"did_you_mean": " or ".join(near)} if near else {}
            message = f"Key {name} not found in checkpoint"
            raise trouble(NotFoundError, message, checkpoint=self.prefix, **facts)
        entry = self._entries[self._names[name]]
        value = self._join(name, entry) if entry.slices else self._value(name, entry)
        return value if value.ndim else value[()]

    def _value(self, name, entry):
        """The array that an entry speaks of."""
        dtype, count = as_dtype(entry.dtype), math.prod(entry.shape)
        path = data_file(self.prefix, entry.shard, self._shards)
        if not dtype.is_numpy_compatible:
            message = f"NumPy has no {dtype.name}, the dtype of {name}"
            raise trouble(UnimplementedError, message, file=path)
        raw = self._bytes(name, entry, path, count, dtype)
        try:
            value, crc = self._decode(raw, dtype, count)
            value = value.reshape(entry.shape)
        except (ValueError, IndexError, OverflowError) as error:
            raise self._misread(name, entry, path, str(error)) from None
        if crc != unmask(entry.crc):
            message = (
                f"Checksum does not match: stored {unmask(entry.crc)} vs. calculated "
            )
            message += f"on the restored bytes {crc}"
            raise self._misread(name, entry, path, message)
        return value

    def _bytes(self, name, entry, path, count, dtype):
        """The bytes that an entry speaks of, if they can be what it says."""
        if dtype != string and entry.size != count * dtype.size:
            message = (
                f"Invalid size in bundle entry: key {name}; stored size {entry.size}; "
            )
            message += f"expected size {count * dtype.size}"
            raise self._misread(name, entry, path, message)
        with file_errors(path):
            length = os.stat(path).st_size
            if entry.offset + entry.size > length:
                raise trouble(
                    OutOfRangeError,
                    "Read less bytes than requested",
                    file=f"{path}, which ends at byte {length}",
                    expected=f"tensor {name!r} in bytes {entry.offset} to "
                    f"{entry.offset + entry.size}",
                    fix="it was cut short: restore an older one, or copy it again",
                )
            return np.fromfile(path, np.uint8, entry.size, offset=entry.offset)

    def _decode(self, raw, dtype, count):
        """The elements, in one row, and the checksum of their bytes."""
        if dtype == string:
            return decode_strings(raw.tobytes(), count)
        stored = np.dtype(dtype.as_numpy_dtype).newbyteorder(">" if self._big else "<")
        value = raw.view(stored).astype(dtype.as_numpy_dtype, copy=False)
        return value, extend_crc(0, raw.data if raw.size else b"")

    def _misread(self, name, entry, path, first_line):
        """The error for bytes that are not what they should be."""
        return trouble(
            DataLossError,
            first_line,
            file=path,
            tensor=f"{name!r} in bytes {entry.offset} to {entry.offset + entry.size}",
            fix="the file is damaged: restore an older checkpoint, or copy it again",
        )

    def _join(self, name, entry):
        """The value of a tensor that was saved in parts."""
        parts = [
            tuple(
                [(s, size if n is None else n) for (s, n), size in zip(p, entry.shape)]
            )
            for p in entry.slices
        ]
        keys = [slice_key(self._names[name], part) for part in parts]
        found = [self._entries.get(key) for key in keys]
        sizes = [math.prod(n for _, n in part) for part in parts]
        fits = [e and e.shape == tuple(n for _, n in p) for e, p in zip(found, parts)]
        fits += [s + n <= size for p in parts for (s, n), size in zip(p, entry.shape)]
        if not all(fits) or sum(sizes) != math.prod(entry.shape):
            message = f"The parts of {name} are not the whole"
            raise self._misread(name, entry, index_file(self.prefix), message)
        arrays = [self._value(name, part) for part in found]
        value = np.zeros(entry.shape, arrays[0].dtype)
        for part, array in zip(parts, arrays, strict=True):
            value[tuple([slice(s, s + n) for s, n in part])] = array
        return value

    def get_slice(self, name, text):
        """A part of a tensor, see parse_slice; all of it if `text` is empty."""
        value = self.get_tensor(name)
        if not text:
            return value
        full, part = parse_slice(text)
        if full != np.shape(value):
            message = (
                f"Shape in shape_and_slice spec {in_line(full)} does not match the "
            )
            message += f"shape in the save file: {in_line(np.shape(value))}"
            raise trouble(InvalidArgumentError, message, tensor=name, file=self.prefix)
        return value[tuple([slice(s, s + n) for s, n in part])]


NewCheckpointReader = CheckpointReader


def as_text(path):
    """A str, from a str, bytes, an array of one of them, or a path."""
    path = path.item() if isinstance(path, np.ndarray) else path
    return os.fsdecode(path)


def no_checkpoint(prefix):
    """The error for a prefix without files."""
    folder, base = os.path.split(prefix)
    with suppress(OSError):
        files = [name for name in os.listdir(folder or ".") if name.endswith(".index")]
        near = near_misses(base, [name.removesuffix(".index") for name in files])
    facts = {"did_you_mean": " or ".join(near)} if near else {}
    return trouble(
        NotFoundError,
        "Unsuccessful TensorSliceReader constructor: Failed to find any matching "
        f"files for {prefix}",
        expected=f"the files {prefix}.index and {data_file(prefix)}",
        **facts,
    )


ENUM_NAMES = {"float32": "FLOAT", "float64": "DOUBLE", "float16": "HALF"}


def enum_name(number):
    """The name of a dtype in TensorFlow's messages: DT_FLOAT."""
    name = as_dtype(number).name
    return f"DT_{ENUM_NAMES.get(name, name.upper())}"


def in_line(sizes):
    """Sizes as TensorFlow prints them: [2,3]."""
    return f"[{','.join(map(str, sizes))}]"


## Which one is the latest?


class CheckpointState:
    """What the file `checkpoint` says.

    Attributes:
      model_checkpoint_path: the prefix of the latest checkpoint.
      all_model_checkpoint_paths: those of all that are kept, the latest last.
      all_model_checkpoint_timestamps: when they were made, in seconds, if known.
      last_preserved_timestamp: when the last one was made that is kept for ever.
    """

    def __init__(
        self,
        model_checkpoint_path="",
        all_model_checkpoint_paths=(),
        all_model_checkpoint_timestamps=None,
        last_preserved_timestamp=None,
    ):
        self.model_checkpoint_path = model_checkpoint_path
        self.all_model_checkpoint_paths = list(all_model_checkpoint_paths)
        stamps = all_model_checkpoint_timestamps
        self.all_model_checkpoint_timestamps = list(stamps or ())
        self.last_preserved_timestamp = last_preserved_timestamp

    def __str__(self):
        lines = []
        for name, value in vars(self).items():
            values = value if isinstance(value, list) else [value]
            for item in values if value else []:
                text = quoted(item) if isinstance(item, str) else repr(item)
                lines.append(f"{name}: {text}\n")
        return "".join(lines)


def quoted(text):
    """A text in quotation marks, bytes that are no ASCII letters as octal numbers."""
    names = {9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 39: "\\'", 92: "\\\\"}
    plain = [
        names.get(b) or (chr(b) if 32 <= b < 127 else f"\\{b:03o}")
        for b in os.fsencode(text)
    ]
    return f'"{"".join(plain)}"'


def unquoted(text):
    """The text that was quoted so."""
    names = {b"t": b"\t", b"n": b"\n", b"r": b"\r"}
    raw = re.sub(
        rb"\\([0-7]{1,3}|.)",
        lambda m: (
            bytes([int(m[1], 8) & 255]) if m[1].isdigit() else names.get(m[1], m[1])
        ),
        text.encode(),
    )
    return os.fsdecode(raw)


def parse_state(text):
    """The CheckpointState that a text holds. ValueError if it holds none."""
    state = CheckpointState()
    for line in text.splitlines():
        found = re.fullmatch(
            r"""\s*(\w+)\s*:\s*(?:(["'])(.*)\2|(\S+))\s*(?:#.*)?""", line
        )
        if line.strip() and not (found and hasattr(state, found[1])):
            raise ValueError(f"what is {line!r}?")
        if found:
            value = float(found[4]) if found[2] is None else unquoted(found[3])
            kept = getattr(state, found[1])
            if isinstance(kept, list):
                kept.append(value)
            else:
                setattr(state, found[1], value)
    return state


def state_file(folder, latest_filename=None):
    """The name of the file that says which checkpoint is the latest."""
    return os.path.join(folder, latest_filename or "checkpoint")


def generate_checkpoint_state_proto(
    save_dir,
    model_checkpoint_path,
    all_model_checkpoint_paths=None,
    all_model_checkpoint_timestamps=None,
    last_preserved_timestamp=None,
):
    """The CheckpointState for a folder; see update_checkpoint_state."""
    paths, stamps = (
        list(all_model_checkpoint_paths or ()),
        all_model_checkpoint_timestamps,
    )
    if not paths or paths[-1] != model_checkpoint_path:
        paths.append(model_checkpoint_path)
    if stamps and len(stamps) != len(paths):
        raise ValueError(
            "Checkpoint timestamps, if provided, must match checkpoint paths (got "
            f"paths {paths} and timestamps {stamps})"
        )
    if not os.path.isabs(save_dir):
        paths = [p if os.path.isabs(p) else relative(p, save_dir) for p in paths]
    return CheckpointState(paths[-1], paths, stamps, last_preserved_timestamp)


def relative(path, folder):
    """`path` as seen from `folder`."""
    return os.path.relpath(path, folder or ".")


def update_checkpoint_state(
    save_dir,
    model_checkpoint_path,
    all_model_checkpoint_paths=None,
    latest_filename=None,
    all_model_checkpoint_timestamps=None,
    last_preserved_timestamp=None,
):
    """Write the file `checkpoint`: all of it, or nothing.

    Args:
      save_dir: the folder.
      model_checkpoint_path: the prefix of the latest checkpoint.
      all_model_checkpoint_paths: those of all that are kept, the latest last.
      latest_filename: another name of the file.
      all_model_checkpoint_timestamps: when they were made, in seconds.
      last_preserved_timestamp: when the last one was made that is kept for ever.

    Raises:
      RuntimeError: a checkpoint has the name of that file.
    """
    path = state_file(save_dir, latest_filename)
    state = generate_checkpoint_state_proto(
        save_dir,
        model_checkpoint_path,
        all_model_checkpoint_paths,
        all_model_checkpoint_timestamps,
        last_preserved_timestamp,
    )
    if path == state.model_checkpoint_path:
        raise RuntimeError(
            f"Save path '{model_checkpoint_path}' conflicts with path used for "
            "checkpoint state.  Please use a different save path."
        )
    write_whole(path, str(state))


def get_checkpoint_state(checkpoint_dir, latest_filename=None):
    """The CheckpointState of a folder, None if there is none or it cannot be read.

    Raises:
      ValueError: it does not name a checkpoint.
    """
    path = state_file(as_text(checkpoint_dir), latest_filename)
    try:
        with open(path, "rb") as file:
            state = parse_state(file.read().decode())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        warnings.warn(f"{path}: Checkpoint ignored: {error}", stacklevel=2)
        return None
    if not state.model_checkpoint_path:
        raise ValueError(f"Invalid checkpoint state loaded from {checkpoint_dir}")
    folder = as_text(checkpoint_dir)
    paths = [os.path.join(folder, p) for p in state.all_model_checkpoint_paths]
    state.all_model_checkpoint_paths = paths
    state.model_checkpoint_path = os.path.join(folder, state.model_checkpoint_path)
    return state


def checkpoint_exists(checkpoint_prefix):
    """Whether there is a checkpoint with that prefix."""
    prefix = as_text(checkpoint_prefix)
    return os.path.exists(index_file(prefix)) or os.path.isfile(prefix)


def latest_checkpoint(checkpoint_dir, latest_filename=None):
    """The prefix of the latest checkpoint in a folder, or None."""
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state and checkpoint_exists(state.model_checkpoint_path):
        return state.model_checkpoint_path
    return None


def get_checkpoint_mtimes(checkpoint_prefixes):
    """When checkpoints were made, in seconds; those that are not there are left out."""
    prefixes = [as_text(prefix) for prefix in checkpoint_prefixes]
    found = [index_file(p) for p in prefixes if os.path.exists(index_file(p))]
    return [os.stat(path).st_mtime for path in found]


def remove_checkpoint(checkpoint_prefix, version=2, meta_graph_suffix="meta"):
    """Remove the files of a checkpoint, those that are there; the index first."""
    prefix = as_text(checkpoint_prefix)
    settle(prefix)
    folder, base = os.path.split(prefix)
    shard = re.compile(rf"{re.escape(base)}\.data-\d{{5}}-of-\d{{5}}")
    names = sorted(filter(shard.fullmatch, os.listdir(folder or ".")))
    for name in (f"{base}.index", *names, f"{base}.{meta_graph_suffix}"):
        with suppress(FileNotFoundError):
            os.remove(os.path.join(folder, name))


def load_checkpoint(ckpt_dir_or_file):
    """A CheckpointReader, for a prefix or for the latest checkpoint in a folder.

    Raises:
      ValueError: the folder has no checkpoint.
    """
    place = as_text(ckpt_dir_or_file)
    if os.path.isdir(place):
        latest = latest_checkpoint(place)
        if latest is None:
            raise ValueError(
                "Couldn't find 'checkpoint' file or checkpoints in given directory "
                f"{place}"
            )
        place = latest
    return CheckpointReader(place)


def load_variable(ckpt_dir_or_file, name):
    """The value of a variable in a checkpoint; its name may end in `:0`."""
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))


def list_variables(ckpt_dir_or_file):
    """The (name, list of sizes) of all variables in a checkpoint, sorted by name."""
    shapes = load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map()
    return sorted(shapes.items())
