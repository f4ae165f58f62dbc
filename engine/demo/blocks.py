"""Three functions as people write them. They know NumPy and nothing of Engine."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

# ndarray, or anything that NumPy's protocols let behave like one.
Array: TypeAlias = Any


def blur(image: Array, passes: int) -> Array:
    """Smooth along both image axes with the weights 1, 4, 6, 4, 1, several times."""
    image = image.copy()
    for _ in range(passes):
        image[2:-2] = (
            image[:-4] + 4 * (image[1:-3] + image[3:-1]) + 6 * image[2:-2] + image[4:]
        ) / 16
        image[:, 2:-2] = (
            image[:, :-4]
            + 4 * (image[:, 1:-3] + image[:, 3:-1])
            + 6 * image[:, 2:-2]
            + image[:, 4:]
        ) / 16
    return image


def photo_filter(photo: Array) -> Array:
    """Sharpen a photograph (unsharp mask), then even out its local contrast.

    `photo` is (rows, columns, 3), uint8; the result is float64 in 0 .. 1.
    """
    light = photo / 255.0
    sharp = light + 1.5 * (light - blur(light, 1))
    np.clip(sharp, 0.0, 1.0, out=sharp)

    mean = blur(sharp, 4)
    spread = np.sqrt(np.maximum(blur(sharp * sharp, 4) - mean * mean, 0.0))
    even = 0.5 + 0.22 * (sharp - mean) / (spread + 0.03)

    result = 0.6 * sharp + 0.4 * even
    result[:2] = result[-2:] = sharp.mean()
    result[:, :2] = result[:, -2:] = sharp.mean()
    return np.clip(result, 0.0, 1.0)


def normal_cdf(x: Array) -> Array:
    """The normal distribution function, to 1e-15 (Hart's rational function)."""
    z = np.abs(x)
    top = 3.52624965998911e-2 * z + 0.700383064443688
    for coefficient in (
        6.37396220353165,
        33.912866078383,
        112.079291497871,
        221.213596169931,
        220.206867912376,
    ):
        top = top * z + coefficient
    bottom = 8.83883476483184e-2 * z + 1.75566716318264
    for coefficient in (
        16.064177579207,
        86.7807322029461,
        296.564248779674,
        637.333633378831,
        793.826512519948,
        440.413735824752,
    ):
        bottom = bottom * z + coefficient
    tail = np.exp(-0.5 * z * z) * top / bottom
    return np.where(x > 0, 1 - tail, tail)


def black_scholes(
    spot: Array, strike: Array, years: Array, rate: float, volatility: Array
) -> tuple[Array, Array]:
    """Prices of European call and put options."""
    deviation = volatility * np.sqrt(years)
    d1 = (np.log(spot / strike) + rate * years) / deviation + 0.5 * deviation
    d2 = d1 - deviation
    paid = strike * np.exp(-rate * years)
    call = spot * normal_cdf(d1) - paid * normal_cdf(d2)
    put = paid * normal_cdf(-d2) - spot * normal_cdf(-d1)
    return call, put


def call_delta(
    spot: Array, strike: Array, years: Array, rate: float, volatility: Array
) -> Array:
    """The derivative of the call's price by the spot price, as a textbook gives it."""
    deviation = volatility * np.sqrt(years)
    return normal_cdf(
        (np.log(spot / strike) + rate * years) / deviation + 0.5 * deviation
    )


def heat(plate: Array, steps: int) -> Array:
    """Diffusion on a plate whose edges keep their temperature."""
    plate = plate.copy()
    for _ in range(steps):
        plate[1:-1, 1:-1] += 0.2 * (
            plate[2:, 1:-1]
            + plate[:-2, 1:-1]
            + plate[1:-1, 2:]
            + plate[1:-1, :-2]
            - 4 * plate[1:-1, 1:-1]
        )
    return plate
