"""The messages between Python and the page. ``web/src/numbers/wire.ts`` is made from it:
``python -m glassformer.page.types``.

A body of numbers (a Look, or Numbers) is

    uint32, little endian     the length of the header in bytes
    the header                JSON, UTF-8
    the groups                deflated (zlib format), one after the other; Group.offset counts from the end of the header.
                              One whose length is its size is there as it is

and in a saved file the header is ``<script type="application/json" id="look">`` and each group is base64 in
``<script type="application/octet-stream" id="group-NAME">``. A group is inflated when something in it is wanted;
``PackedWindow.offset`` counts in the inflated group and is a multiple of 4. The content there, by ``PackedWindow.storage``
(everything little endian, row by row, the last axis being the quickest):

    float32    float32 each: exact; −Infinity where a score is not allowed
    bfloat16   uint16 each: the upper half of a float32
    root8      uint8 each: the value is (q / 255)²; only for what lies between 0 and 1
    top        K = PackedWindow.top, and for each row (the last axis) 3 K + 4 bytes. First of all rows one float32, the sum
               of the rest of the row; then of all rows K uint16, the columns of the K largest, the largest first; then of
               all rows K uint8, their values as in root8.
               The window NAME.pooled beside it holds the means of blocks, of equal size but for the last: root8
    none       not here (group "", length 0): POST /api/rows, or /api/weights, has it where the page is live

HTTP (live): requests and answers are JSON but where it says otherwise; an error is a status of 400 or more and a Problem.

    GET  /api/model                 Start
    POST /api/look    Ask           a body of numbers whose header is a Look
    POST /api/decode  Ask           a DecodingStep a line (NDJSON), each as it is made; ``target`` is not used
    POST /api/rank    Ask           Ranking
    POST /api/weights WeightsAsk    a body of numbers whose header is Numbers (one window, exact)
    POST /api/rows    RowsAsk       a body of numbers whose header is Numbers (one window, exact)

A page that finds ``#look`` in its document is a saved file; where that Look is ``live`` it is in a notebook, and asks its
parent window: it posts a BridgeAsk, and a BridgeAnswer comes back with the same ``id``.

The model itself can travel, too: a body whose header is a Model, and whose groups hold the tokenizer (JSON, a Vocabulary),
how text is read for it (JSON, Rules), and the learned matrices. In a saved file it is base64 in
``<script type="application/octet-stream" id="model">`` behind the page's own script, and ``#model-comes`` in its head says
so; in a site it is a file, which a Shelf in
``<script type="application/json" id="shelf">`` names. A saved file without a Look has a Shelf, too, of its one model. Then
the page's own Worker answers: it is asked by BridgeAsk, as a notebook is.
"""

from dataclasses import dataclass, field
from typing import Literal

VERSION = 1
Storage = Literal["float32", "bfloat16", "root8", "top", "none"]
LearnedStorage = Literal["upper_first_2", "upper_first_4", "rows_int8"]
Edge = tuple[str, int, int]
"""An attention, a query and a key that it may not look at."""
HeadIndex = tuple[str, int]
"""An attention and one of its heads, from 0."""
Turn = tuple[str, int, int, list[int]]
"""An attention, one of its heads, a query, and the keys (a word's pieces) that get all its weight there."""


@dataclass(frozen=True)
class ModelFacts:
    """The model in hand."""

    name: str
    checkpoint: str
    """Which one of a run's, such as step-00001500; empty for a model that is not in training."""
    d_model: int
    heads: int
    d_k: int
    d_ff: int
    encoder_layers: int
    decoder_layers: int
    norm: Literal["post", "pre"]
    activation: Literal["relu", "swish", "gelu"]
    positions: Literal["halves", "interleaved", "halves_exact", "learned"]
    first_position: int
    embedding_norm: bool
    """Whether X is the norm of the sum of embeddings and positions, as in BART."""
    vocabulary_size: int
    target_vocabulary_size: int
    """Of the target's own vocabulary; 0 where both languages share one."""
    parameters: int
    longest_trained: int
    """Tokens of the longest sentence in training; 0 where it is not known."""
    taught_head: str
    """The head that its card says was taught to look from a pronoun to its noun, encoder.layers.5.self_attention:3; empty
    where the card says of none."""
    languages: str
    """Such as en-de; empty where it is not known."""
    rounded: float
    """How far the weights are rounded: the root mean square of what was lost, as a share of the weights' own; 0: exact."""


@dataclass(frozen=True)
class Word:
    """A word, or <s> or </s>, and the positions of its tokens."""

    text: str
    tokens: list[int]


@dataclass(frozen=True)
class Side:
    """One of the two sentences. The source ends with </s>; the target begins with <s>, and row i predicts token i + 1."""

    text: str
    tokens: list[str]
    """The pieces as they are shown: ▁ begins a word, <0xF0> is a byte."""
    ids: list[int]
    words: list[Word]


@dataclass(frozen=True)
class Group:
    """Windows that are deflated together, such as a layer's: "encoder.3"."""

    name: str
    offset: int
    """Where its deflated bytes begin, from the end of the header."""
    length: int
    """Deflated bytes."""
    size: int
    """Inflated bytes."""


@dataclass(frozen=True)
class PackedWindow:
    """One tensor by its name in the trace, or a learned matrix by its name in the model."""

    name: str
    axes: list[str]
    shape: list[int]
    place: str
    """Where it is in the paper."""
    storage: Storage
    group: str
    offset: int
    length: int
    """Bytes in the inflated group."""
    error: float
    """The largest absolute difference from the exact value that this storage made, over all that is stored."""
    top: int
    """K of the storage ``top``, 0 otherwise."""


@dataclass(frozen=True)
class Station:
    """A sub-layer and the windows on the way through it, in the order of the model."""

    name: str
    """encoder.layers.0.self_attention, decoder.layers.0.cross_attention, decoder.layers.0.feed_forward …"""
    kind: Literal["self_attention", "cross_attention", "feed_forward"]
    side: Literal["encoder", "decoder"]
    layer: int
    residual: str
    """The window that comes in, X or the layer below, and is added to the sub-layer's output."""
    input: str
    """The window that is multiplied by W^Q (or W_1). With post-norm the same as ``residual``, with pre-norm its norm."""
    memory: str
    """The window that is multiplied by W^K and W^V: ``input`` itself in self-attention; empty for feed_forward."""
    output: str
    """The window after residual and norm."""


@dataclass(frozen=True)
class NextToken:
    """A token that may come next."""

    token: str
    id: int
    probability: float


@dataclass(frozen=True)
class DecodingStep:
    """One word of decoding: what was chosen, and the eight likeliest, the likeliest first."""

    chosen: NextToken
    choices: list[NextToken]


@dataclass(frozen=True)
class HeadName:
    """One head of one attention."""

    attention: str
    """encoder.layers.0.self_attention"""
    head: int


@dataclass(frozen=True)
class Look:
    """Everything about one pair of sentences: the header of POST /api/look, and ``#look`` of a saved file."""

    version: int
    model: ModelFacts
    source: Side
    target: Side
    foreign: bool
    """Whether the sentence is in a script or a language that the model was not trained on."""
    stations: list[Station]
    windows: list[PackedWindow]
    """All that the model computed, all target positions at once, by the names of the trace. Pre-norm models have the
    norms' outputs as well (….self_attention_add_norm.norm), as these are what the matrices multiply. ….concatenated is
    always ``none``: it is z in another order."""
    weights: list[PackedWindow]
    """Learned matrices by their names: ….w_qkv [matrix (Q, K, V), head, d_k, d_model], ….w_o.weight [d_model, head, d_v],
    ….feed_forward.w_1.weight [d_ff, d_model], ….w_2.weight [d_model, d_ff], ….norm.weight and the biases. A saved file
    holds as many as it has room for, the first layers first; the others are ``none``, and POST /api/weights has them
    where the page is live."""
    groups: list[Group]
    steps: list[DecodingStep]
    """Row i: what was chosen after target token i (the last is </s>) and what else was likely."""
    target_given: bool
    """Whether the translation was given, and is not the model's own."""
    heads_off: list[HeadName]
    blocked: list[Edge]
    turned: list[Turn]
    live: bool


@dataclass(frozen=True)
class SpecialIds:
    """The tokens that are no text."""

    pad_id: int
    bos_id: int
    eos_id: int
    unk_id: int


@dataclass(frozen=True)
class Vocabulary:
    """The tokenizer's table, by id."""

    pieces: list[str]
    scores: list[float]
    """log P of each piece in SentencePiece's unigram model, natural; 0 for the kinds that have none."""
    kinds: str
    """A letter each: n(ormal), u(nknown), c(ontrol), d(efined by us), b(yte)."""


@dataclass(frozen=True)
class Rules:
    """How a text is read for this model, and what it wrote is written: what ``glassformer.text`` knows of its languages."""

    source: str
    """The source's language, as a code; empty where it is not known."""
    target: str
    plain_case: bool
    """Whether shouted and titled lines are read in small letters."""
    signs: list[str]
    """The signs for links, emoji and their like, in this order."""
    scripts: list[str]
    """The scripts that the model reads; none: nothing is known of it."""
    patterns: dict[str, str]
    """Regular expressions by their names, in JavaScript's words."""
    words: dict[str, list[str]]
    """Tables of words by their names."""


@dataclass(frozen=True)
class Learned:
    """One learned matrix or vector as it travels with a model, by its name in the model."""

    name: str
    shape: list[int]
    storage: LearnedStorage
    """``upper_first_2``: bfloat16, the upper bytes of all and then the lower ones, which deflates better. ``upper_first_4``:
    float32 in the same way. ``rows_int8``: for each row a float32 scale, then for all numbers an int8 that is multiplied
    by its row's scale."""
    group: str
    offset: int
    length: int
    """Bytes in the inflated group."""


@dataclass(frozen=True)
class Model:
    """A whole model: the header of its file."""

    version: int
    model: ModelFacts
    special: SpecialIds
    longest: int
    """Tokens of the longest sentence that is answered."""
    learned: list[Learned]
    groups: list[Group]
    """Those named ``tokenizer`` and ``rules``, and those of the matrices."""


@dataclass(frozen=True)
class Shelved:
    """One model of a site."""

    file: str
    """Its address beside the page."""
    size: int
    """Bytes to load."""
    model: ModelFacts
    start: "Ask"
    """The sentence to begin with; an empty text: the article's."""


@dataclass(frozen=True)
class Shelf:
    """The models that a site offers, the first of which is loaded unless the address says another."""

    models: list[Shelved]


@dataclass(frozen=True)
class Numbers:
    """The header of POST /api/weights and /api/rows."""

    windows: list[PackedWindow]
    groups: list[Group]


@dataclass(frozen=True)
class Start:
    """The page's first state, where its address does not say otherwise. Empty lists and texts: nothing asked for."""

    version: int
    model: ModelFacts
    text: str
    target: str
    """Empty: the model's own translation."""
    heads_off: list[HeadIndex]
    turned: list[Turn]
    longest: int
    """Tokens of the longest sentence that is answered."""
    models: list[str]
    """The names of all models that the page may choose from, this one first or not; empty where there is no choice."""


@dataclass(frozen=True)
class Ask:
    """A sentence, and what is done to the model for it."""

    text: str
    target: str | None = None
    """None: the model's own translation, with what is switched off being off."""
    heads_off: list[HeadIndex] = field(default_factory=list)
    blocked: list[Edge] = field(default_factory=list)
    turned: list[Turn] = field(default_factory=list)
    """Of two turns of one query in one head the last holds."""


@dataclass(frozen=True)
class WeightsAsk:
    """For a learned matrix as a whole."""

    name: str
    checkpoint: str | None = None
    """The look's, whose numbers it goes with; None: whichever is loaded."""


@dataclass(frozen=True)
class RowsAsk:
    """Exact numbers of one window of a look: the first axes fixed at ``at``, the others whole."""

    name: str
    """A window's name; ``embedding.weight`` (no sentence needed) is one, too, and so are the other tables with a
    row a token."""
    at: list[int]
    """[head, query] of weights gives a row; [] gives all."""
    text: str = ""
    target: str | None = None
    heads_off: list[HeadIndex] = field(default_factory=list)
    blocked: list[Edge] = field(default_factory=list)
    turned: list[Turn] = field(default_factory=list)
    checkpoint: str | None = None
    """As in WeightsAsk."""


@dataclass(frozen=True)
class Ranking:
    """The worth of each head for this pair: each was switched off alone."""

    heads: list[HeadName]
    """Every head, the most important first."""
    change: list[float]
    """log P(target) with the head off minus with all on, natural: negative means that it helped."""
    per_token: list[list[float]]
    """The same for each token after <s>, </s> being the last: each row of it sums to ``change``."""
    log_probabilities: list[float]
    """log P of each of these tokens with all heads on."""


@dataclass(frozen=True)
class Problem:
    """Why there is no answer."""

    error: str
    """One sentence: what came, what was wanted, what to do."""


@dataclass(frozen=True)
class BridgeAsk:
    """From a page in a notebook to its parent window, or from any page to its own Worker, by postMessage."""

    glassformer: int
    """The version."""
    id: int
    path: str
    """/api/look …; /api/stop to a Worker: nobody waits for the answer with this ``id`` any more."""
    body: str
    """JSON, as it would be over HTTP."""


@dataclass(frozen=True)
class BridgeAnswer:
    """From the parent window, or the Worker, to the page; beside these ``body`` is an ArrayBuffer, what HTTP would have
    answered."""

    glassformer: int
    id: int
    status: int
    """As HTTP's: 200, or 400 and above with a Problem."""
    more: bool = False
    """Whether more of the body follows, in further answers with this ``id``."""
