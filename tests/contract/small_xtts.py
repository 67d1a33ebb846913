"""A small XTTS with random weights, in the layout of the published checkpoint."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from backends.speech.torch_models import library, seeded, torch
from backends.speech.xtts_voices import LANGUAGES
from tests.contract.humming import hum

_MARKS = ["[STOP]", "[UNK]", "[SPACE]", "[START]"]
_LETTERS = (
    "abcdefghijklmnopqrstuvwxyz'.,!?-;:0123456789αβγδεζηθικλμνξοπρστυφχψωáéíóúñçãõüöäßàèìòùâêîôû"
)
_WIDTH, _TOKENS = 32, 256
FRAMES = 50
"""Of the language model that it always says: 2.3 s."""
MOST_TOKENS = 130
"""Of a text, about its letters: more it does not take at once."""
SPEAKERS = ("Ann Other", "Ben Other")


@contextmanager
def narrow_vocoder() -> Iterator[None]:
    """XTTS is built, and loaded, with its vocoder, and what hears its speakers, in few channels: its configuration has
    no word for that."""
    module = library("TTS.tts.models.xtts", "xtts")
    parts = library("TTS.tts.layers.xtts.hifigan_decoder", "xtts")
    with pytest.MonkeyPatch.context() as patch:
        narrow = partial(
            module.HifiDecoder,
            upsample_initial_channel_decoder=16,
            resblock_kernel_sizes_decoder=[3],
            resblock_dilation_sizes_decoder=[[1, 3, 5]],
        )
        patch.setattr(module, "HifiDecoder", narrow)
        hearing = partial(parts.ResNetSpeakerEncoder, layers=[1, 1, 1, 1], num_filters=[8] * 4)
        patch.setattr(parts, "ResNetSpeakerEncoder", hearing)
        yield


def xtts(folder: Path, **model_args: int) -> Path:
    """config.json, model.pth, vocab.json and speakers_xtts.pth; it hums for 2.3 s whatever it is told."""
    folder.mkdir(parents=True, exist_ok=True)
    config = library("TTS.tts.configs.xtts_config", "xtts").XttsConfig()
    vocabulary = _vocabulary(folder / "vocab.json")
    for name, value in (_sizes(vocabulary) | model_args).items():
        setattr(config.model_args, name, value)
    module, width = torch(), config.model_args.gpt_n_model_channels
    with seeded(0):
        model = library("TTS.tts.models.xtts", "xtts").Xtts(config)
        model.gpt.mel_head.bias[config.model_args.gpt_stop_audio_token] = -1e4
        _hum(model.hifigan_decoder.waveform_decoder)
        module.save({"model": model.state_dict(), "config": config.to_dict()}, folder / "model.pth")
        latents = {
            name: {
                "gpt_cond_latent": module.randn(1, 32, width),
                "speaker_embedding": module.nn.functional.normalize(module.randn(1, 512, 1), dim=1),
            }
            for name in SPEAKERS
        }
        module.save(latents, folder / "speakers_xtts.pth")
    config.save_json(str(folder / "config.json"))
    return folder


def _sizes(vocabulary: dict[str, int]) -> dict[str, Any]:
    return {
        "gpt_layers": 1,
        "gpt_n_model_channels": _WIDTH,
        "gpt_n_heads": 2,
        "decoder_input_dim": _WIDTH,
        "gpt_max_audio_tokens": FRAMES,
        "gpt_max_text_tokens": MOST_TOKENS,
        "gpt_max_prompt_tokens": 70,
        "gpt_num_audio_tokens": _TOKENS + 2,
        "gpt_start_audio_token": _TOKENS,
        "gpt_stop_audio_token": _TOKENS + 1,
        "gpt_use_perceiver_resampler": True,
        "gpt_number_text_tokens": len(vocabulary),
        "gpt_start_text_token": vocabulary["[START]"],
        "gpt_stop_text_token": vocabulary["[STOP]"],
    }


def _vocabulary(path: Path) -> dict[str, int]:
    from tokenizers import Tokenizer, models

    marks = [*_MARKS, *(f"[{'zh-cn' if name == 'zh' else name}]" for name in LANGUAGES)]
    vocabulary = {token: i for i, token in enumerate([*marks, *dict.fromkeys(_LETTERS)])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="[UNK]"))
    tokenizer.add_special_tokens(marks)
    tokenizer.save(str(path))
    return vocabulary


def _hum(generator: Any) -> None:
    convolution = torch().nn.Conv1d
    residual = [m for m in generator.resblocks.modules() if isinstance(m, convolution)]
    hum(generator.conv_pre, list(generator.ups), residual, generator.conv_post)
