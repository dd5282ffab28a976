"""What travels on the link between a worker and the server: two parts, a kind and a payload.

| kind | payload | direction |
|---|---|---|
| `message` | a domain message: NodeReport, SnapshotReply | worker to server |
| `message` | a domain message: Assignment, SnapshotRequest, LiveRequest, LiveStop | server to worker |
| `batch` | `Batch`: outbox messages | worker to server |
| `answer` | `Ack`, `Nack` or `Heard` | server to worker |

Unknown kinds are malformed: counted, logged, ignored.
"""

import msgspec

from vedette.domain.messages import UnknownVersionError

MESSAGE, BATCH, ANSWER = b"message", b"batch", b"answer"

MAX_FRAME_BYTES = 32 * 1024**2
"""Larger frames end the connection before they are read into memory."""

HIGH_WATER_MARK = 64
"""Frames that wait for a peer that does not read."""

MALFORMED = (msgspec.DecodeError, UnknownVersionError, UnicodeDecodeError, RecursionError)
"""What reading outside bytes may raise."""


class Batch(msgspec.Struct, frozen=True, tag="batch"):
    """Consecutive outbox messages.

    Attributes:
        session: the run of the worker's link; answers to another run mean nothing.
        entries: sequence number and encoded message, oldest first.
    """

    session: str
    entries: tuple[tuple[int, bytes], ...]


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    """Everything up to `up_to` is stored, but for `refused`: sequence number and why it cannot be read."""

    session: str
    up_to: int
    refused: tuple[tuple[int, str], ...] = ()


class Nack(msgspec.Struct, frozen=True, tag="nack"):
    """The batch that ends at `last` was not stored.

    Attributes:
        transient: a locked database or a full disk, where the message is not to blame.
    """

    session: str
    last: int
    error: str
    transient: bool


class Heard(msgspec.Struct, frozen=True, tag="heard"):
    """The server `server` (another name after each start) has heard a report."""

    server: str


Answer = Ack | Nack | Heard

_batch_decoder = msgspec.msgpack.Decoder(Batch)
_answer_decoder: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)
_encoder = msgspec.msgpack.Encoder()


def pack(value: Batch | Answer) -> bytes:
    """As msgpack bytes."""
    return _encoder.encode(value)


def read_batch(data: bytes) -> Batch:
    """Read a batch back.

    Raises:
        msgspec.DecodeError: the bytes are not a batch.
    """
    return _batch_decoder.decode(data)


def read_answer(data: bytes) -> Answer:
    """Read an answer back.

    Raises:
        msgspec.DecodeError: the bytes are not an answer.
    """
    return _answer_decoder.decode(data)
