"""Transforms, polynomials, quadrature and series."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Block


def fft_by_hand(signal: Any) -> Any:
    """Cooley and Tukey's recursion on rows."""
    n = signal.shape[-1]
    if n <= 4:
        k = np.arange(n)
        return signal @ np.exp(-2j * np.pi * k[:, None] * k / n)
    even, odd = fft_by_hand(signal[..., ::2]), fft_by_hand(signal[..., 1::2])
    turned = np.exp(-2j * np.pi * np.arange(n // 2) / n) * odd
    return np.concatenate([even + turned, even - turned], axis=-1)


def power_spectrum(signal: Any) -> Any:
    """Welch's method: windows, transforms, averages."""
    n = signal.shape[-1]
    window = np.hanning(n // 2)
    pieces = [signal[:, k : k + n // 2] for k in (0, n // 4, n // 2)]
    spectrum = [np.abs(np.fft.rfft(window * x, axis=-1)) ** 2 for x in pieces]
    return sum(spectrum) / (3 * (window**2).sum())


def spectral_derivative(signal: Any) -> Any:
    """Derivatives and a heat step in Fourier space."""
    n = signal.shape[-1]
    k = 2j * np.pi * np.fft.fftfreq(n, 1.0 / n)
    transformed = np.fft.fft(signal, axis=-1)
    slope = np.fft.ifft(k * transformed, axis=-1).real
    later = np.fft.ifft(np.exp(1e-5 * k**2) * transformed, axis=-1).real
    return slope, later


def quadrature(signal: Any) -> Any:
    """Simpson's rule and trapezoids of functions of a parameter."""
    x = np.linspace(0, 1, 201)
    y = np.exp(-np.abs(signal[:, :1]) * x) * np.sin(np.pi * x) / (1 + x**2)
    weights = np.ones(201)
    weights[1:-1:2], weights[2:-1:2] = 4, 2
    return (y * weights).sum(axis=1) / 600, np.trapezoid(y, x, axis=1)


def polynomials(signal: Any) -> Any:
    """Legendre's recursion and Horner's scheme."""
    x = np.tanh(signal)
    before, now = np.ones_like(x), x
    total = 0.5 * before + 0.25 * now
    for n in range(1, 10):
        before, now = now, ((2 * n + 1) * x * now - n * before) / (n + 1)
        total += now / 2 ** (n + 2)
    horner = np.zeros_like(x)
    for c in (0.1, -0.3, 0.5, 1.0, -2.0):
        horner = horner * x + c
    return total, horner


def interpolation(signal: Any) -> Any:
    """Tables, by interp and searchsorted."""
    x = np.linspace(-3, 3, 64)
    table = np.exp(-x * x)
    place = np.clip(np.searchsorted(x, signal) - 1, 0, 62)
    share = (signal - x[place]) / (x[1] - x[0])
    by_hand = table[place] * (1 - share) + table[place + 1] * share
    return np.interp(signal, x, table), by_hand


def histogram(signal: Any) -> Any:
    """Counts, densities, quantiles and moments."""
    flat = signal.ravel()
    counts, edges = np.histogram(flat, bins=20)
    centre = 0.5 * (edges[1:] + edges[:-1])
    mean = (counts * centre).sum() / counts.sum()
    scores = (flat - flat.mean()) / flat.std()
    return counts, mean, (scores**3).mean(), (scores**4).mean() - 3, np.median(flat)


def newton_fractal(signal: Any) -> Any:
    """Newton's method for z**3 = 1, in complex numbers."""
    z = signal[:, ::2] + 1j * signal[:, 1::2]
    for _ in range(8):
        z = z - (z**3 - 1) / (3 * z**2)
    return np.angle(z).round(6), np.abs(z**3 - 1).max()


def sieve(signal: Any) -> Any:
    """Primes by strided writes."""
    n = signal.size
    prime = np.ones(n + 1, dtype=bool)
    prime[:2] = False
    for k in range(2, int(n**0.5) + 1):
        if prime[k]:
            prime[k * k :: k] = False
    return np.flatnonzero(prime)[-5:], np.count_nonzero(prime)


def rows(n: int) -> tuple[Any, ...]:
    """Normal numbers, 256 in a row."""
    return (np.random.default_rng(37).standard_normal((n, 256)),)


BLOCKS = [
    Block(fft_by_hand, rows, 3, 400),
    Block(power_spectrum, rows, 3, 5000),
    Block(spectral_derivative, rows, 3, 3000),
    Block(quadrature, rows, 3, 5000),
    Block(polynomials, rows, 3, 4000),
    Block(interpolation, rows, 3, 2000),
    Block(histogram, rows, 3, 4000),
    Block(newton_fractal, rows, 3, 2000),
    Block(sieve, rows, 3, 4000),
]
