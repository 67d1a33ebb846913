"""The pixels inside a mouth: cavity, tongue and teeth from back to front, and the wet edges of the lips."""

import numpy as np
from numpy.typing import NDArray

from backends.animation.rig.compiled import compiled
from backends.animation.rig.curves import covered, extremes, gather, height_at, ramp, trace_opening

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

WARM = (0.22, -0.16, -0.235)
"""How much less than the light each channel falls with it: shade in the mouth is red."""
TONGUE_REACHES, TONGUE_HALF_WIDTH = 0.40, 0.15
"""How far below the seam the tip of a tongue that is stuck out lies, and half of its width, in eye distances."""

GLOSS_REACHES = 0.07
"""How far below the seam a lower lip shines, in eye distances."""


@compiled
def paint_mouth(
    canvas: NDArray[np.uint8],
    projected: Array,
    rim: NDArray[np.int64],
    left: int,
    top: int,
    gap: Array,
    own_line: Array,
    to_skull: Array,
    to_jaw: Array,
    own_axes: Array,
    own_origin: Array,
    upper_teeth: Floats,
    upper_place: Array,
    lower_teeth: Floats,
    lower_place: Array,
    own: Floats,
    colours: Floats,
    lips: Floats,
    amounts: Array,
    unit: float,
) -> None:
    """The pixels of `mouth.draw_mouth`.

    `own_line` = (9,) gap in the photo that is a line of the skin; places = from `_place`; `amounts` =
    tongue, tongue out, line of closed lips, how much the mouth is as it was in the photo, edge of the upper teeth,
    how much the lips are pressed to speak.
    """
    seam, same = amounts[2], amounts[3]
    borders = gather(projected, rim[0], rim[1], left, top)
    _leave_own_line(borders, own_line, gap)
    reach = GLOSS_REACHES if amounts[5] > 0.0 else 0.033
    pad = 2 + 1.2 * reach * unit
    frame, upper, lower, box = trace_opening(borders, pad, canvas.shape)
    out = ramp((amounts[1] - 0.1) / 0.3)
    if out > 0.0:
        box[3] = min(canvas.shape[0], box[3] + int(TONGUE_REACHES * amounts[1] * unit))
    soft = max(0.5, 0.007 * unit)
    widest = extremes(gap)[1]
    opened = 0.78 + 0.22 * min(1.0, widest / 0.10)
    spill = (0.25 + 0.004 * unit) * min(1.0, widest / 0.04)  # over the mesh's straight edges
    damp = (1.0 - same) * min(1.0, widest / 0.03)
    highest = extremes(upper)[0] - 0.033 * unit - 1.5
    lowest = extremes(lower)[1] + reach * unit + 1.5
    colour, teeth = np.empty(3, np.float64), np.empty(4, np.float64)
    cavity, red, shadow, line, wet = colours[0], colours[1], colours[4], colours[5], colours[6]
    low_tint, high_tint, lip = colours[2], colours[3], lips[1, 5]
    for y in range(box[1], box[3]):
        for x in range(box[0], box[2]):
            dx, dy = x - frame[0], y - frame[1]
            along, across = dx * frame[2] + dy * frame[3], dy * frame[2] - dx * frame[3]
            if across < highest or (across > lowest and out <= 0.0):
                continue
            above, below = height_at(upper, along), height_at(lower, along)
            t = 2.0 * along / frame[4] - 1.0
            if -1.0 < t < 1.0:
                if seam > 0.0:
                    from_line = (across - 0.5 * (above + below)) / (0.011 * unit + 0.45)
                    if abs(from_line) < 3.0:
                        ink = seam * (1.0 - t * t) ** 0.5 * np.exp(-from_line * from_line)
                        _blend(canvas, y, x, line, ink)
                if amounts[5] > 0.0 and across > below:
                    _matt(canvas, y, x, t, (across - below) / unit, lips, amounts[5])
                if damp > 0.0 and (across < above or across > below):
                    _moisten(canvas, y, x, t, across, above, below, lips, wet, damp, unit)
            over = spill * max(0.0, 1.0 - t * t)
            cover = covered(across, above - over, below + over, soft) * (1.0 - same)
            if cover <= 0.0 and (out <= 0.0 or across < above):
                continue
            skull = _apply(to_skull, x, y)
            jaw = _apply(to_jaw, x, y)
            if cover > 0.0:
                own_x = own_axes[0, 0] * skull[0] + own_axes[0, 1] * skull[1] + own_origin[0]
                own_y = own_axes[1, 0] * skull[0] + own_axes[1, 1] * skull[1] + own_origin[1]
                _sample(teeth, own, own_x, own_y)
                bone, through = teeth[3], 1.0 - teeth[3]
                for c in range(3):
                    colour[c] = teeth[c] * 255.0
                if through > 0.004:
                    through *= _under(
                        colour, teeth, upper_teeth, upper_place, skull, high_tint, through
                    )
                if through > 0.004:
                    bone = max(bone, teeth[3])
                    through *= _under(
                        colour, teeth, lower_teeth, lower_place, jaw, low_tint, through
                    )
                if through > 0.004:
                    _tongue(colour, cavity, red, skull, jaw, amounts[0], amounts[4], through)
                _tip(
                    colour, red, skull[0], (below - across) / unit,
                    max(1e-3, (below - above) / unit), amounts[0],
                )  # fmt: skip
                light = _light((across - above) / unit, (below - across) / unit, abs(t)) * opened
                shown = min(1.0, max(0.0, 0.25 + 0.75 * ((below - above) / unit - 0.004) / 0.045))
                shown *= 1.0 - (0.85 - 0.45 * bone) * ramp((abs(t) - 0.62) / 0.36)
                for c in range(3):
                    lit = light * (1.0 + WARM[c] * (1.0 - light))
                    colour[c] = colour[c] * lit * shown + shadow[c] * (1.0 - shown)
                _blend(canvas, y, x, colour, cover)
            if out > 0.0 and across > above:
                under = ramp((skull[1] - amounts[4]) / 0.03 + 0.5)
                tongue = _tongue_out(colour, red, lip, jaw, amounts[1], canvas, y, x)
                _blend(canvas, y, x, colour, out * under * tongue)


@compiled
def _leave_own_line(borders: Array, own_line: Array, gap: Array) -> None:
    """The line between closed lips in the photo is skin, not opening: takes it off both borders."""
    for k in range(gap.shape[0]):
        if own_line[k] > 0.0 and gap[k] > 1e-6:
            share = 0.5 * min(1.0, own_line[k] / gap[k])
            for c in range(2):
                inset = share * (borders[1, k + 1, c] - borders[0, k + 1, c])
                borders[0, k + 1, c] += inset
                borders[1, k + 1, c] -= inset


@compiled
def _apply(affine: Array, x: int, y: int) -> tuple[float, float]:
    return (
        affine[0, 0] * x + affine[0, 1] * y + affine[0, 2],
        affine[1, 0] * x + affine[1, 1] * y + affine[1, 2],
    )


@compiled
def _blend(canvas: NDArray[np.uint8], y: int, x: int, colour: Array, share: float) -> None:
    for c in range(3):
        skin = float(canvas[y, x, c])
        value = skin + share * (colour[c] - skin) + 0.5
        canvas[y, x, c] = int(min(255.0, max(0.0, value)))


@compiled
def _moisten(
    canvas: NDArray[np.uint8],
    y: int,
    x: int,
    t: float,
    across: float,
    above: float,
    below: float,
    lips: Floats,
    wet: Floats,
    amount: float,
    unit: float,
) -> None:
    """Inner edges of opening lips: red as the lips instead of dark as the line between them was, the lower one wet."""
    lower = across > below
    away = (across - below if lower else above - across) / unit
    if away > 0.026:
        return
    place = (t + 1.0) * 5.0
    k = min(9, int(place))
    f = place - k
    share = amount * (1.0 - t * t) * (1.0 - ramp(away / 0.026))
    row = 1 if lower else 0
    shine = 0.0
    if lower:
        shine = 0.14 * amount * (1.0 - t * t) ** 2 * ramp(1.0 - abs(away - 0.013) / 0.013)
    for c in range(3):
        red = lips[row, k, c] + f * (lips[row, k + 1, c] - lips[row, k, c])
        skin = float(canvas[y, x, c])
        value = skin + share * max(0.0, 0.92 * red - skin)
        canvas[y, x, c] = int(value + shine * max(0.0, wet[c] - value) + 0.5)


@compiled
def _matt(
    canvas: NDArray[np.uint8], y: int, x: int, t: float, away: float, lips: Floats, amount: float
) -> None:
    """Pressed lips turn their wet edge inwards: what is left of the lower one does not shine."""
    if away > GLOSS_REACHES:
        return
    place = (t + 1.0) * 5.0
    k = min(9, int(place))
    f = place - k
    share = 0.8 * amount * min(1.0, 2.0 * (1.0 - t * t))
    share *= 1.0 - ramp((away - 0.03) / (GLOSS_REACHES - 0.03))
    for c in range(3):
        red = lips[2, k, c] + f * (lips[2, k + 1, c] - lips[2, k, c])
        skin = float(canvas[y, x, c])
        value = skin - share * max(0.0, skin - 1.05 * red)
        canvas[y, x, c] = int(value + 0.5)


@compiled
def _light(from_upper: float, from_lower: float, aside: float) -> float:
    """What reaches a place in the mouth past both lips and the corners."""
    light = 0.74 + 0.26 * ramp(min(from_upper, from_lower) / 0.030 + 0.1)
    light *= 0.68 + 0.32 * ramp(from_upper / 0.075 + 0.1)
    return float(light * (1.0 - 0.50 * ramp((aside - 0.40) / 0.60)))


@compiled
def _tongue(
    colour: Array,
    cavity: Floats,
    red: Floats,
    skull: tuple[float, float],
    jaw: tuple[float, float],
    tip: float,
    edge: float,
    through: float,
) -> None:
    """Adds the back of the tongue over the floor of the mouth; its tip rises behind the upper teeth."""
    floor = jaw[1] + 0.045 - 0.9 * jaw[0] ** 2
    raised = skull[1] - (edge - 0.020 + 1.6 * skull[0] ** 2)
    depth = floor + tip * max(0.0, raised - floor)
    cover = ramp(depth / 0.022 + 0.5)
    light = 0.0
    if cover > 0.0:
        light = 0.40 + 0.42 * ramp(depth / 0.13) + 0.14 * tip
        light *= 1.0 - 0.14 * (1.0 - tip) * (1.0 - ramp(abs(jaw[0]) / 0.055))
    for c in range(3):
        colour[c] += through * (cavity[c] + cover * (red[c] * light - cavity[c]))


@compiled
def _tip(
    colour: Array, red: Floats, aside: float, from_lower: float, height: float, tip: float
) -> None:
    """The tip of the tongue between the teeth: lower teeth behind it, the edges of the upper ones over it."""
    shown = ramp((tip - 0.88) / 0.10)
    if shown <= 0.0:
        return
    u, v = aside / 0.14, (from_lower / height - 0.28) / (0.12 + 0.28 * min(1.0, 0.09 / height))
    away = abs(u) ** 2.6 + v * v
    cover = shown * ramp((1.15 - away) / 0.5)
    light = 1.16 - 0.20 * v * v + 0.10 * np.exp(-((v - 0.35) ** 2) / 0.08 - u * u / 0.3)
    for c in range(3):
        colour[c] += cover * (red[c] * light - colour[c])


@compiled
def _tongue_out(
    colour: Array,
    red: Floats,
    lip: Floats,
    jaw: tuple[float, float],
    out: float,
    canvas: NDArray[np.uint8],
    y: int,
    x: int,
) -> float:
    """Colour and coverage of a tongue that is stuck out over the lower lip, and its shadow on the chin."""
    end = TONGUE_REACHES * out
    width = TONGUE_HALF_WIDTH * (1.0 - 0.22 * ramp((jaw[1] - 0.4 * end) / (0.6 * end)))
    below = max(0.0, jaw[1] - (end - 1.2 * width)) / 1.2
    away = np.sqrt(jaw[0] ** 2 + below**2) - width
    if away > 0.05:
        return 0.0
    if away > 0.0:
        shadow = 0.22 * (1.0 - ramp(away / 0.05)) * ramp(jaw[1] / 0.10)
        for c in range(3):
            canvas[y, x, c] = int(canvas[y, x, c] * (1.0 - shadow) + 0.5)
    aside = jaw[0] / width
    light = 1.0 - 0.10 * aside**4 - 0.35 * (1.0 - ramp((jaw[1] + 0.04) / 0.16))
    light *= 1.0 - 0.10 * np.exp(-((jaw[0] / 0.018) ** 2)) * ramp((end - jaw[1]) / 0.12)
    light *= 1.0 - 0.16 * ramp((below / width - 0.5) / 0.5)
    light += 0.07 * np.exp(
        -(((abs(aside) - 0.45) / 0.2) ** 2) - ((jaw[1] - 0.65 * end) / 0.07) ** 2
    )
    for c in range(3):
        colour[c] = min(255.0, (0.85 * red[c] + 0.42 * lip[c]) * light)
    return ramp(0.5 - away / 0.016)


@compiled
def _under(
    colour: Array,
    scratch: Array,
    layer: Floats,
    place: Array,
    at: tuple[float, float],
    tint: Floats,
    through: float,
) -> float:
    """Adds what is seen of a row of teeth at a place (`_place`) behind a colour, gums without end; returns what share
    still shows through."""
    row = at[1] * place[0] + place[2]
    row = max(0.0, row) if place[3] > 0.0 else min(layer.shape[0] - 1.01, row)
    column = at[0] * place[0] + place[1]
    _sample(scratch, layer, column, row)
    for c in range(3):
        colour[c] += through * scratch[c] * tint[c]
    return float(1.0 - scratch[3])


@compiled
def _sample(out: Array, layer: Floats, u: float, v: float) -> None:
    """A layer with premultiplied transparency between four pixels, into (4,); nothing outside of it."""
    if not (0.0 <= u < layer.shape[1] - 1 and 0.0 <= v < layer.shape[0] - 1):
        out[0], out[1], out[2], out[3] = 0.0, 0.0, 0.0, 0.0
        return
    i, j = np.uint64(u), np.uint64(v)  # a sign would be looked at in every access
    fx, fy = u - float(i), v - float(j)
    right, down = i + np.uint64(1), j + np.uint64(1)
    for c in range(4):
        above = layer[j, i, c] + fx * (layer[j, right, c] - layer[j, i, c])
        below = layer[down, i, c] + fx * (layer[down, right, c] - layer[down, i, c])
        out[c] = above + fy * (below - above)
