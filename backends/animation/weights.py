"""Published weights of the neural animation engines: what `prosopon models` can pull of them."""

from backends.weights import File, Item

WAV2LIP = Item(
    id="wav2lip",
    repository="camenduru/Wav2Lip",
    revision="main",
    files=(
        File(
            "checkpoints/wav2lip_gan.pth",
            "sha256:ca9ab7b7b812c0e80a6e70a5977c545a1e8a365a6c49d5e533023c034d7ac3d8",
            435_801_865,
        ),
    ),
    licence="non-commercial (trained on LRS2): research, academic and personal use only",
    summary="lip sync, sharper mouths",
)
WAV2LIP_PLAIN = Item(
    id="wav2lip:plain",
    repository="rippertnt/wav2lip",
    revision="main",
    files=(
        File(
            "checkpoints/wav2lip.pth",
            "sha256:b78b681b68ad9fe6c6fb1debc6ff43ad05834a8af8a62ffc4167b7b34ef63c37",
            435_807_851,
        ),
    ),
    licence=WAV2LIP.licence,
    summary="lip sync, closer to the sound",
)
_SADTALKER_LICENCE = "Apache-2.0; the face model's coefficients (BFM) for research only"
_MAPPINGS = (
    File(
        "mapping_00109-model.pth.tar",
        "sha256:84a8642468a3fcfdd9ab6be955267043116c2bec2284686a5262f1eaf017f64c",
        155_779_231,
    ),
    File(
        "mapping_00229-model.pth.tar",
        "sha256:62a1e06006cc963220f6477438518ed86e9788226c62ae382ddc42fbcefb83f1",
        155_521_183,
    ),
)
SADTALKER = Item(
    id="sadtalker",
    repository="vinthony/SadTalker-V002rc",
    revision="main",
    files=(
        File(
            "SadTalker_V0.0.2_256.safetensors",
            "sha256:c211f5d6de003516bf1bbda9f47049a4c9c99133b1ab565c6961e5af16477bff",
            725_066_984,
        ),
        *_MAPPINGS,
    ),
    licence=_SADTALKER_LICENCE,
    summary="a photo's head moves and talks, at 256 pixels",
)
SADTALKER_512 = Item(
    id="sadtalker:512",
    repository=SADTALKER.repository,
    revision=SADTALKER.revision,
    files=(
        File(
            "SadTalker_V0.0.2_512.safetensors",
            "sha256:0e063f7ff5258240bdb0f7690783a7b1374e6a4a81ce8fa33456f4cd49694340",
            725_066_984,
        ),
        *_MAPPINGS,
    ),
    licence=_SADTALKER_LICENCE,
    summary="the same at 512 pixels",
)
ITEMS = (WAV2LIP, WAV2LIP_PLAIN, SADTALKER, SADTALKER_512)
