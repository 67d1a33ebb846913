"""Random weights in the layout of Wav2Lip's published ones."""

import numpy as np

from backends.animation.wav2lip.architecture import Size, architecture
from backends.types import FloatArray


def random_weights(size: Size = 96, width: int = 2, seed: int = 0) -> dict[str, FloatArray]:
    """By published name; scaled so that neither silence nor a bright face drives the network to its limits.

    Args:
        width: channels of the first layer, 16 in the published networks.
    """
    rng = np.random.default_rng(seed)
    plan = architecture(size, width)
    up = {layer.key for layer in plan.layers() if layer.up}
    weights: dict[str, FloatArray] = {}
    for name, shape in plan.shapes().items():
        key, _, kind = name.partition(".conv_block.")
        if name.endswith("weight") and len(shape) == 4:
            # A transposed convolution at stride 2 sums over a quarter of its kernel.
            inputs = shape[0] * shape[2] * shape[3] / 4 if key in up else np.prod(shape[1:])
            value = rng.normal(0, 1.4 / np.sqrt(inputs), shape)
        elif kind == "1.running_var":
            value = rng.uniform(1.5, 2.5, shape)
        elif kind == "1.weight":
            value = rng.uniform(0.8, 1.2, shape)
        elif kind == "1.num_batches_tracked":
            value = np.array(1000)
        else:
            value = rng.normal(0, 0.1, shape)
        weights[name] = np.asarray(value, np.float32)
    return weights
