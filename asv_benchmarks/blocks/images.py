"""Pictures: filters, edges, colours, histograms, fractals, rays."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Block


def blur(image: Any) -> Any:
    """A separable Gaussian by slices of a padded picture."""
    weights = np.exp(-0.5 * np.arange(-3, 4) ** 2 / 2.0)
    weights = weights / weights.sum()
    height, width = image.shape
    padded = np.pad(image, 3, mode="edge")
    rows = sum(weights[k] * padded[k : k + height] for k in range(7))
    return sum(weights[k] * rows[:, k : k + width] for k in range(7))


def sobel(image: Any) -> Any:
    """Edges: magnitude and direction of the gradient."""
    p = np.pad(image, 1, mode="reflect")
    dx = (p[:-2, 2:] + 2 * p[1:-1, 2:] + p[2:, 2:]) - (
        p[:-2, :-2] + 2 * p[1:-1, :-2] + p[2:, :-2]
    )
    dy = (p[2:, :-2] + 2 * p[2:, 1:-1] + p[2:, 2:]) - (
        p[:-2, :-2] + 2 * p[:-2, 1:-1] + p[:-2, 2:]
    )
    magnitude = np.sqrt(dx**2 + dy**2)
    return magnitude / magnitude.max(), np.arctan2(dy, dx)


def unsharp(image: Any) -> Any:
    """Sharpen, adjust contrast and gamma, quantise."""
    soft = blur(image)
    sharp = np.clip(image + 0.8 * (image - soft), 0.0, 1.0)
    toned = np.clip((sharp - 0.5) * 1.2 + 0.5, 0.0, 1.0) ** (1 / 2.2)
    return (toned * 255 + 0.5).astype(np.uint8)


def equalise(image: Any) -> Any:
    """Histogram equalisation by bincount and take."""
    levels = (image * 255).astype(np.int64)
    counts = np.bincount(levels.ravel(), minlength=256)
    table = np.cumsum(counts) / levels.size
    return table[levels]


def hsv(image: Any) -> Any:
    """Colours from red, green and blue to hue, saturation and value."""
    rgb = np.stack([image, np.roll(image, 5, 0), np.roll(image, 9, 1)], axis=-1)
    high, low = rgb.max(axis=-1), rgb.min(axis=-1)
    span = high - low
    safe = np.where(span == 0, 1.0, span)
    r, g, b = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    hue = np.where(
        high == r,
        (g - b) / safe,
        np.where(high == g, 2.0 + (b - r) / safe, 4.0 + (r - g) / safe),
    )
    saturation = np.where(high == 0, 0.0, span / np.where(high == 0, 1.0, high))
    return np.stack([hue / 6 % 1.0, saturation, high], axis=-1)


def bilinear(image: Any) -> Any:
    """Turn a picture by some degrees, with bilinear interpolation."""
    n, m = image.shape
    y, x = np.mgrid[0:n, 0:m]
    c, s = np.cos(0.3), np.sin(0.3)
    u = np.clip(c * (x - m / 2) - s * (y - n / 2) + m / 2, 0, m - 2)
    v = np.clip(s * (x - m / 2) + c * (y - n / 2) + n / 2, 0, n - 2)
    i, j = np.floor(v).astype(int), np.floor(u).astype(int)
    fv, fu = v - i, u - j
    return (
        image[i, j] * (1 - fv) * (1 - fu)
        + image[i, j + 1] * (1 - fv) * fu
        + image[i + 1, j] * fv * (1 - fu)
        + image[i + 1, j + 1] * fv * fu
    )


def erode(image: Any) -> Any:
    """Opening of a mask by minima and maxima of neighbours."""
    mask = image > 0.3
    for combine in (np.minimum, np.maximum):
        p = np.pad(mask, 1)
        out = p[1:-1, 1:-1]
        for dy in range(3):
            for dx in range(3):
                out = combine(out, p[dy : dy + mask.shape[0], dx : dx + mask.shape[1]])
        mask = out
    return mask, mask.sum()


def mandelbrot(image: Any) -> Any:
    """Iterations until escape, by masks."""
    n, m = image.shape
    c = np.linspace(-2, 0.6, m)[None, :] + 1j * np.linspace(-1.2, 1.2, n)[:, None]
    z = np.zeros_like(c)
    count = np.zeros(c.shape, dtype=int)
    for _ in range(20):
        inside = np.abs(z) <= 2
        z[inside] = z[inside] ** 2 + c[inside]
        count[inside] += 1
    return count


def julia(image: Any) -> Any:
    """A Julia set with complex numbers and where."""
    n, m = image.shape
    z = np.linspace(-1.5, 1.5, m) + 1j * np.linspace(-1.2, 1.2, n)[:, None]
    count = np.zeros(z.shape, dtype=np.int32)
    for _ in range(20):
        inside = z.real**2 + z.imag**2 < 4
        z = np.where(inside, z * z + (-0.4 + 0.6j), z)
        count += inside
    return count


def ray_casting(image: Any) -> Any:
    """Shade spheres: rays against three of them, the nearest hit wins."""
    n, m = image.shape
    x = np.linspace(-1, 1, m)[None, :]
    y = np.linspace(-1, 1, n)[:, None]
    ray = np.stack(np.broadcast_arrays(x, y, np.ones((1, 1))), axis=-1)
    ray = ray / np.linalg.norm(ray, axis=-1, keepdims=True)
    nearest = np.full((n, m), np.inf)
    shade = 0.1 * image
    light = np.array([0.5, -0.7, -0.5])
    for centre in np.array([[0.0, 0.0, 3.0], [0.6, 0.4, 2.5], [-0.7, 0.2, 4.0]]):
        along = ray @ centre
        inside = along**2 - (centre @ centre - 0.25)
        hit = inside > 0
        t = along - np.sqrt(np.where(hit, inside, 0.0))
        closer = hit & (t < nearest)
        normal = (ray * t[..., None] - centre) / 0.5
        lit = np.clip(normal @ light, 0.0, 1.0)
        shade = np.where(closer, lit, shade)
        nearest = np.where(closer, t, nearest)
    return shade


def picture(n: int) -> tuple[Any, ...]:
    """A smooth picture with some noise."""
    y, x = np.mgrid[0:n, 0:n] / n
    noise = np.random.default_rng(11).random((n, n))
    return (0.4 + 0.3 * np.sin(9 * x) * np.cos(7 * y) + 0.25 * noise,)


BLOCKS = [
    Block(blur, picture, 24, 1500),
    Block(sobel, picture, 24, 1500),
    Block(unsharp, picture, 24, 1000),
    Block(equalise, picture, 24, 1500),
    Block(hsv, picture, 24, 1000),
    Block(bilinear, picture, 24, 1000),
    Block(erode, picture, 24, 1500),
    Block(mandelbrot, picture, 24, 500),
    Block(julia, picture, 24, 500),
    Block(ray_casting, picture, 24, 600),
]
