"""Keys and values of rows that join and leave a batch while they are written.

Every row writes its next token into the same column, so that a row which joins late stands with its
prompt right before that column. Tokens of one row then are as many columns apart as positions, and
masks of transformers, for sliding windows too, hold as they are.

Imported where it is used: its base class needs transformers when this file is read.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING

from transformers.cache_utils import Cache, CacheLayerMixin, DynamicCache

if TYPE_CHECKING:
    import torch

    # Keys and values of one layer, both [rows, heads, tokens, head size].
    Layer = tuple[torch.Tensor, torch.Tensor]

# How much wider than its content a cache is made: each time it is full, all of it is copied.
SLACK = 0.25


def keys_and_values(
    model: torch.nn.Module, ids: torch.Tensor, past: Sequence[Layer] = ()
) -> list[Layer]:
    """Keys and values of these tokens after the past ones, which all rows share.

    Args:
        ids: shape [rows, tokens]; where rows are padded, on the right, the padding's are garbage.
        past: each layer's, of one row.

    Returns:
        each layer's, the past ones included.
    """
    import torch

    cache = DynamicCache()
    for i, (keys, values) in enumerate(past):
        shape = (len(ids), -1, -1, -1)
        cache.update(keys.expand(shape), values.expand(shape), i)
    if ids.shape[1]:
        no_logits = torch.zeros_like(ids, dtype=torch.bool)
        model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=no_logits)
    return [(layer.keys, layer.values) for layer in cache.layers]


class _Columns(CacheLayerMixin):
    """One layer of a `RowCache`, as transformers' models see it."""

    is_sliding = False

    def __init__(self, owner: RowCache, like: Layer) -> None:
        super().__init__()
        # Not a strong reference: a cycle would keep the cache of a finished batch for long.
        self.owner: RowCache = weakref.proxy(owner)
        self.is_initialized = True
        self.keys, self.values = (owner.empty(part) for part in like)

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Nothing is left to do."""

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: object, **kwargs: object
    ) -> Layer:
        """Write one token per row into the next column; everything up to it."""
        rows, start, end = self.owner.rows, self.owner.start, self.owner.end
        self.keys[:rows, :, end] = key_states[:, :, 0]
        self.values[:rows, :, end] = value_states[:, :, 0]
        return self.keys[:rows, :, start : end + 1], self.values[:rows, :, start : end + 1]

    def get_seq_length(self) -> int:
        """Columns in use."""
        return self.owner.end - self.owner.start

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Columns that a query sees, and the first of them."""
        return self.get_seq_length() + query_length, 0

    def get_max_length(self) -> int:
        """No limit."""
        return -1


class RowCache:
    """The cache of a batch.

    Attributes:
        rows: how many there are.
        starts: each row's first column.
        start, end: the first column in use, and the one that is written next.
    """

    def __init__(self, capacity: int, longest_prompt: int) -> None:
        """Room for so many rows with prompts of up to so many tokens."""
        self.capacity, self.longest_prompt = capacity, longest_prompt
        self.starts: list[int] = []
        self.start = self.end = longest_prompt
        self._width = self._wide(longest_prompt)
        self._cache = Cache(layers=[])

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.starts)

    def _wide(self, used: int) -> int:
        return used + max(1, round(SLACK * used))

    def empty(self, like: torch.Tensor) -> torch.Tensor:
        """Room for as many rows as there can be; zeros, because what is masked is multiplied."""
        _, heads, _, size = like.shape
        return like.new_zeros((self.capacity, heads, self._width, size))

    def _index(self, rows: Sequence[int]) -> torch.Tensor:
        import torch

        return torch.tensor(rows, device=self._cache.layers[0].keys.device)

    def join(self, layers: Sequence[Layer], sources: Sequence[int], lengths: Sequence[int]) -> None:
        """Add rows.

        Args:
            layers: keys and values that begin with the rows' prompts.
            sources: for each new row, which row of ``layers`` is its prompt.
            lengths: of each new row's prompt, in tokens.
        """
        if not self._cache.layers:
            self._cache.layers = [_Columns(self, layer) for layer in layers]
        for length in set(lengths):
            chosen = [i for i, other in enumerate(lengths) if other == length]
            rows = self._index([self.rows + i for i in chosen])
            origins = self._index([sources[i] for i in chosen])
            span = slice(self.end - length, self.end)
            for mine, (keys, values) in zip(self._cache.layers, layers, strict=True):
                mine.keys[rows, :, span] = keys[origins, :, :length]
                mine.values[rows, :, span] = values[origins, :, :length]
        self.starts += [self.end - length for length in lengths]
        self.start = min(self.starts)

    def keep(self, rows: Sequence[int]) -> list[int]:
        """Drop all other rows; which of the old rows stands in each place now.

        Rows behind fill the gaps, so that few of them move.
        """
        kept, count = set(rows), len(rows)
        gaps = [i for i in range(count) if i not in kept]
        movers = [i for i in rows if i >= count]
        if gaps:
            to, origin, span = self._index(gaps), self._index(movers), slice(self.start, self.end)
            for layer in self._cache.layers:
                for part in (layer.keys, layer.values):
                    part[to, :, span] = part[origin, :, span]
        order = list(range(count))
        for gap, mover in zip(gaps, movers, strict=True):
            order[gap] = mover
        self.starts = [self.starts[i] for i in order]
        self.start = min(self.starts, default=self.end)
        return order

    def make_room(self) -> None:
        """See to it that there is a column to write to."""
        if self.end < self._width:
            return
        used = self.end - self.start
        end = max(used, self.longest_prompt)
        self._width = self._wide(end)
        for layer in self._cache.layers:
            for name in ("keys", "values"):
                old = getattr(layer, name)
                new = self.empty(old)
                new[: self.rows, :, end - used : end] = old[: self.rows, :, self.start : self.end]
                setattr(layer, name, new)
        shift = end - self.end
        self.starts = [start + shift for start in self.starts]
        self.start, self.end = self.start + shift, end

    def next_logits(self, model: torch.nn.Module, tokens: Sequence[int]) -> torch.Tensor:
        """Write one token per row; logits of what follows it, shape [rows, vocabulary]."""
        import torch

        self.make_room()
        device = next(model.parameters()).device
        starts = torch.tensor(self.starts, device=device)[:, None]
        columns = torch.arange(self.start, self.end + 1, device=device)[None]
        out = model(
            input_ids=torch.tensor(tokens, device=device)[:, None],
            attention_mask=columns >= starts,
            position_ids=self.end - starts,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        self.end += 1
        return out.logits[:, -1]
