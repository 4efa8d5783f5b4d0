"""Other toolkits' greedy search over random models of the same sizes: exactly as many tokens as are asked of them.

Each gives a call that translates groups of sentences and returns how many tokens came out.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from training_peers import TorchTransformer, fairseq_model, import_opennmt, marian, opennmt_model

from glassformer.config import ModelConfig
from glassformer.decoding.batches import pad

Groups = list[list[list[int]]]
Translate = Callable[[], int]


def padded(groups: Groups, config: ModelConfig) -> list[Tensor]:
    return [pad([[*sentence, config.eos_id] for sentence in group], config.pad_id) for group in groups]


@torch.inference_mode()
def hugging_face(config: ModelConfig, groups: Groups, length: int, attention: str = "sdpa") -> Translate:
    model = marian(config, attention).eval()
    batches = padded(groups, config)

    def translate() -> int:
        tokens = 0
        for source in batches:
            found = model.generate(
                input_ids=source,
                attention_mask=(source != config.pad_id).long(),
                num_beams=1,
                do_sample=False,
                min_new_tokens=length,
                max_new_tokens=length,
            )
            tokens += found[:, 1:].numel()
        return tokens

    return translate


def opennmt(config: ModelConfig, groups: Groups, length: int) -> Translate:
    import_opennmt()
    import pyonmttok
    from onmt.translate import GNMTGlobalScorer, Translator

    model = opennmt_model(config, "paper").eval()
    model.encoder.update_dropout(0.0, 0.0)
    model.decoder.update_dropout(0.0, 0.0)
    for module in model.modules():
        if hasattr(module, "dropout_p"):
            module.dropout_p = 0.0
    special = ["<blank>", "<s>", "</s>", "<unk>"]
    words = special + [f"w{number}" for number in range(4, config.vocabulary_size)]
    vocabulary = pyonmttok.build_vocab_from_tokens(words, maximum_size=0, special_tokens=special)
    translator = Translator(
        model,
        {"src": vocabulary, "tgt": vocabulary, "decoder_start_token": "<s>"},
        beam_size=1,
        random_sampling_topk=1,
        min_length=length,
        max_length=length,
        max_length_ratio=0,
        global_scorer=GNMTGlobalScorer(0, 0, "none", "none"),
    )
    batches = padded(groups, config)

    @torch.inference_mode()
    def translate() -> int:
        tokens = 0
        for source in batches:
            real = (source != config.pad_id).sum(dim=1)
            batch = {"src": source[:, :, None], "srclen": real, "indices": torch.arange(len(source))}
            found = translator.translate_batch(batch, False)
            tokens += sum(len(hypotheses[0]) for hypotheses in found["predictions"])
        return tokens

    return translate


def fairseq(config: ModelConfig, groups: Groups, length: int) -> Translate:
    model = fairseq_model(config, "paper").eval()
    from fairseq.sequence_generator import SequenceGenerator

    search = SequenceGenerator(
        [model], model.encoder.dictionary, beam_size=1, max_len_a=0, max_len_b=length - 1, min_len=length - 1
    )
    batches = padded(groups, config)

    @torch.inference_mode()
    def translate() -> int:
        tokens = 0
        for source in batches:
            real = (source != config.pad_id).sum(dim=1)
            found = search.generate([model], {"net_input": {"src_tokens": source, "src_lengths": real}})
            tokens += sum(len(hypotheses[0]["tokens"]) for hypotheses in found)
        return tokens

    return translate


def torch_nn(config: ModelConfig, groups: Groups, length: int) -> Translate:
    """nn.Transformer keeps no keys and values: what was said is computed again for each word."""
    model = TorchTransformer(config).eval()
    batches = padded(groups, config)

    @torch.inference_mode()
    def translate() -> int:
        tokens = 0
        for source in batches:
            padding = source == config.pad_id
            memory = model.transformer.encoder(model.embed(source), src_key_padding_mask=padding)
            said = torch.full((len(source), 1), config.bos_id)
            for _ in range(length):
                later = torch.ones(said.size(1), said.size(1), dtype=torch.bool).triu_(1)
                states = model.transformer.decoder(
                    model.embed(said), memory, tgt_mask=later, memory_key_padding_mask=padding, tgt_is_causal=True
                )
                said = torch.cat([said, model.logits(states[:, -1]).argmax(dim=-1, keepdim=True)], dim=1)
            tokens += said[:, 1:].numel()
        return tokens

    return translate


PEERS: dict[str, Callable[[ModelConfig, Groups, int], Translate]] = {
    "Hugging Face": hugging_face,
    "OpenNMT-py": opennmt,
    "fairseq": fairseq,
    "nn.Transformer": torch_nn,
}
