"""Small ESPnet2 models with random weights, in the layout in which trained ones are kept."""

import math
from argparse import Namespace
from pathlib import Path
from typing import Any

import yaml

from backends.speech.torch_models import library, seeded, torch
from tests.contract.humming import hum

_VOWELS = "a e i o u æ ɐ ɑː ɔː ɜː ɛ ɪ ʊ ʌ aɪ aʊ eɪ oʊ ɔɪ iː uː"
_LETTERS = "abcdefghijklmnopqrstuvwxyzæðŋɐɑɔəɚɛɜɡɪɹɾʃʊʌʒθᵻβɣɲʎçɟɱː,.!?;:"
_CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
_ARPABET_VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
_FIRST, _LAST = ["<blank>", "<unk>"], ["<sos/eos>"]
IPA = [
    *_FIRST,
    *dict.fromkeys(
        [*_LETTERS, *_VOWELS.split(), "tʃ", "dʒ", *(s + v for s in "ˈˌ" for v in _VOWELS.split())]
    ),
    *_LAST,
]
CHARACTERS = [*_FIRST, "<space>", *"abcdefghijklmnopqrstuvwxyz.,!?'", *_LAST]
ARPABET = [
    *_FIRST,
    *",.?!",
    *_CONSONANTS.split(),
    *(v + n for v in _ARPABET_VOWELS.split() for n in "012"),
    *_LAST,
]
FRAMES_A_TOKEN = 7
_STEADY = 2.0
"""How little the noise moves a duration: as exp(-2)."""


def vits(folder: Path, tokens: list[str], g2p: str | None = None, **conf: Any) -> Path:
    """A VITS of 0.1 million parameters that hums: config.yaml and model.pth."""
    small = 32
    generator = {
        "hidden_channels": small,
        "spks": None,
        "langs": None,
        "spk_embed_dim": None,
        "global_channels": -1,
        "segment_size": 8,
        "text_encoder_attention_heads": 2,
        "text_encoder_ffn_expand": 2,
        "text_encoder_blocks": 1,
        "decoder_channels": small,
        "decoder_upsample_scales": [8, 8, 2, 2],
        "decoder_upsample_kernel_sizes": [16, 16, 4, 4],
        "decoder_resblock_kernel_sizes": [3],
        "decoder_resblock_dilations": [[1, 3]],
        "posterior_encoder_layers": 1,
        "flow_flows": 1,
        "flow_layers": 1,
        "stochastic_duration_predictor_flows": 1,
        "stochastic_duration_predictor_dds_conv_layers": 1,
        "use_conformer_conv_in_text_encoder": False,
        "text_encoder_conformer_kernel_size": -1,
    }
    discriminator = {
        "scales": 1,
        "periods": [2],
        "scale_discriminator_params": {
            "channels": 4,
            "max_downsample_channels": 8,
            "max_groups": 2,
            "downsample_scales": [2, 1],
        },
        "period_discriminator_params": {
            "channels": 4,
            "max_downsample_channels": 8,
            "downsample_scales": [3, 1],
        },
    }
    config = configuration(tokens, g2p) | {
        "feats_extract": "linear_spectrogram",
        "feats_extract_conf": {"n_fft": 1024, "hop_length": 256, "win_length": None},
        "tts": "vits",
        "tts_conf": {
            "sampling_rate": 22050,
            "generator_params": generator | conf,
            "discriminator_params": discriminator,
        },
    }

    def settle(model: Any) -> None:
        """Each token takes as long, and sounds much like the others."""
        flows = model.tts.generator.duration_predictor.flows
        for parameter in model.tts.generator.duration_predictor.parameters():
            parameter.zero_()
        flows[0].logs.fill_(_STEADY)
        flows[0].m.fill_(-math.log(FRAMES_A_TOKEN - 0.5) * math.exp(_STEADY))
        _hum(model.tts.generator.decoder)

    return _saved(folder, config, settle)


def fastspeech2(folder: Path, tokens: list[str], g2p: str | None = None, **conf: Any) -> Path:
    """A FastSpeech2 of 0.1 million parameters, which makes spectrograms."""
    small = 32
    config = configuration(tokens, g2p) | {
        "feats_extract": "fbank",
        "feats_extract_conf": {
            "fs": 22050,
            "n_fft": 1024,
            "hop_length": 256,
            "win_length": None,
            "fmin": 80,
            "fmax": 7600,
            "n_mels": 80,
        },
        "tts": "fastspeech2",
        "tts_conf": dict(
            adim=small,
            aheads=2,
            elayers=1,
            eunits=64,
            dlayers=1,
            dunits=64,
            postnet_layers=1,
            postnet_chans=small,
            duration_predictor_chans=small,
            pitch_predictor_chans=small,
            energy_predictor_chans=small,
            **conf,
        ),
    }

    def settle(model: Any) -> None:
        last = model.tts.duration_predictor.linear
        last.weight.zero_()
        last.bias.fill_(math.log(FRAMES_A_TOKEN + 1))

    return _saved(folder, config, settle)


def configuration(tokens: list[str], g2p: str | None) -> dict[str, Any]:
    kind = "char" if tokens is CHARACTERS else "phn"
    return {
        "token_list": tokens,
        "token_type": kind,
        "g2p": g2p,
        "use_preprocessor": True,
        "bpemodel": None,
        "cleaner": None,
        "non_linguistic_symbols": None,
        "odim": None,
        "normalize": None,
        "normalize_conf": {},
        "pitch_extract": None,
        "pitch_extract_conf": {},
        "energy_extract": None,
        "energy_extract_conf": {},
        "pitch_normalize": None,
        "energy_normalize": None,
        "model_conf": {},
    }


def _hum(decoder: Any) -> None:
    convolution = torch().nn.Conv1d
    residual = [m for m in decoder.blocks.modules() if isinstance(m, convolution)]
    hum(decoder.input_conv, [up[1] for up in decoder.upsamples], residual, decoder.output_conv[1])


def _saved(folder: Path, config: dict[str, Any], settle: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    task = library("espnet2.tasks.tts", "espnet").TTSTask
    with seeded(0):
        model = task.build_model(Namespace(**config))
        settle(model)
        torch().save(model.state_dict(), folder / "model.pth")
    return folder
