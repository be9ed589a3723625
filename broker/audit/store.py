"""The log: leaves over the records in order, and checkpoints that only ever grow.

The bus keeps leaves and checkpoints in streams that refuse deletion; the tree in memory is built of
them at every start and held against the newest checkpoint. The stream's sequence is the leaf's
index and one more, so a gap or a second writer cannot go unnoticed.
"""

from datetime import datetime

from broker.faults import Conflict, Fault, StoreFault
from broker.ports import Reading, Writing
from schemas.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    proof_text,
    sign_checkpoint,
    verify_checkpoint,
)
from schemas.encoding import parse_b64u
from schemas.identifiers import Hash
from schemas.keys import LogSigner
from schemas.problems import Problem
from schemas.record import leaf_data
from schemas.subjects import Stream, checkpoint, log_leaf
from schemas.tree import Tree, leaf_hash

__all__ = ["Log"]


class Log:
    """Appends, signs and proves. One writer in the whole broker at a time."""

    def __init__(self, origin: str, signer: LogSigner, reading: Reading, writing: Writing) -> None:
        """Keep the log named ``origin``, signed by ``signer``."""
        self._origin = origin
        self._signer = signer
        self._reading = reading
        self._writing = writing
        self._tree = Tree()
        self._newest: SignedCheckpoint | None = None

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self._tree.size

    @property
    def signed_size(self) -> int:
        """How many of them the newest checkpoint covers."""
        return self._newest.checkpoint.size if self._newest else 0

    async def start(self) -> None:
        """Build the tree of what is stored, and hold it against the newest checkpoint.

        Raises:
            StoreFault: Leaves are missing or changed. Nothing may be appended to such a log.

        """
        tree = Tree()
        async for message in self._reading.read(Stream.LOG):
            if message.sequence != tree.size + 1:
                raise StoreFault(
                    f"The log lacks the leaf with index {tree.size}: it was removed, or lost."
                )
            tree.append(leaf_hash(message.data))
        held = await self._reading.newest(Stream.CHECKPOINTS)
        newest = None
        if held is not None:
            found = verify_checkpoint(held.data.decode(), self._origin, *self._signer.public)
            if isinstance(found, Problem):
                raise StoreFault("The newest checkpoint of the log is not one that we signed.")
            newest = found
            size = newest.checkpoint.size
            if size > tree.size:
                raise StoreFault(
                    f"The log has {tree.size} leaves and a checkpoint over {size}: its end is lost."
                )
            if tree.root(size) != newest.checkpoint.root:
                raise StoreFault(
                    f"The first {size} leaves of the log are not those that were signed."
                )
        self._tree, self._newest = tree, newest

    async def append(self, commitment: Hash) -> int:
        """Append the leaf of a record, unless it is there; its index.

        Raises:
            Fault: It is not known whether it was appended, or somebody else appends: the tree must
                be built again before anything more is appended.

        """
        digest = parse_b64u(commitment, size_bytes=32)
        if isinstance(digest, Problem):
            raise ValueError("a commitment is SHA-256")  # noqa: TRY004 - the type is right
        subject, data = log_leaf(digest), leaf_data(commitment)
        stands = await self._reading.last(Stream.LOG, subject)
        if stands is not None:
            if stands.sequence > self._tree.size + 1:
                raise Fault("The log grew without us.")
            if stands.sequence == self._tree.size + 1:
                self._tree.append(leaf_hash(stands.data))  # ours, whose answer was lost
            return stands.sequence - 1
        size = self._tree.size
        try:
            sequence = await self._writing.append(subject, data, expected_last_sequence=size)
        except Conflict:
            raise Fault("The log grew without us.") from None
        if sequence != size + 1:
            raise StoreFault("The log's numbering is broken.")
        return self._tree.append(leaf_hash(data))

    async def sign(self, at: datetime) -> int:
        """Sign a checkpoint over all leaves, if there are new ones; the size that is signed now.

        Args:
            at: Domain instant, to the second.

        """
        size = self._tree.size
        if size == self.signed_size:
            return size
        head = Checkpoint(self._origin, size, self._tree.root())
        text = sign_checkpoint(head, self._signer, at)
        if not await self._writing.create(checkpoint(size), text.encode()):
            stands = await self._reading.last(Stream.CHECKPOINTS, checkpoint(size))
            text = stands.data.decode() if stands is not None else text
        found = verify_checkpoint(text, self._origin, *self._signer.public)
        if isinstance(found, Problem) or found.checkpoint != head:
            raise StoreFault(f"There is another checkpoint over {size} leaves than ours.")
        self._newest = found
        return size

    def leaf(self, index: int) -> bytes:
        """The hash of a leaf; IndexError when there is none."""
        return self._tree.leaf(index)

    def proof(self, index: int) -> str:
        """The proof that a leaf is in the log, with the newest checkpoint.

        Raises:
            ValueError: No checkpoint covers it yet.

        """
        if self._newest is None:
            raise ValueError("no checkpoint covers it yet")
        path = self._tree.inclusion_proof(index, self._newest.checkpoint.size)
        return proof_text(index, path, self._newest.text)
