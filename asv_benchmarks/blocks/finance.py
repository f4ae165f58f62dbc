"""Prices, risks and paths."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import Block


def normal_cdf(x: Any) -> Any:
    """Abramowitz and Stegun, 26.2.17."""
    k = 1 / (1 + 0.2316419 * np.abs(x))
    poly = k * (
        0.319381530
        + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429)))
    )
    tail = np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * poly
    return np.where(x >= 0, 1 - tail, tail)


def black_scholes(spot: Any, strike: Any, years: Any, volatility: Any) -> Any:
    """European calls and puts."""
    rate = 0.03
    d1 = (np.log(spot / strike) + (rate + volatility**2 / 2) * years) / (
        volatility * np.sqrt(years)
    )
    d2 = d1 - volatility * np.sqrt(years)
    discount = np.exp(-rate * years)
    call = spot * normal_cdf(d1) - strike * discount * normal_cdf(d2)
    return call, call - spot + strike * discount


def implied_volatility(spot: Any, strike: Any, years: Any, volatility: Any) -> Any:
    """Newton's method on the price, elementwise."""
    price = black_scholes(spot, strike, years, volatility)[0]
    guess = np.full_like(spot, 0.3)
    for _ in range(6):
        d1 = (np.log(spot / strike) + (0.03 + guess**2 / 2) * years) / (
            guess * np.sqrt(years)
        )
        vega = spot * np.exp(-d1 * d1 / 2) / np.sqrt(2 * np.pi) * np.sqrt(years)
        error = black_scholes(spot, strike, years, guess)[0] - price
        guess = np.clip(guess - error / np.maximum(vega, 1e-8), 0.01, 2.0)
    return guess


def asian_option(draws: Any, strike: float) -> Any:
    """Monte Carlo over paths of an asset, by cumulative sums."""
    steps = draws.shape[1]
    dt = 1.0 / steps
    logs = np.cumsum((0.03 - 0.02) * dt + 0.2 * np.sqrt(dt) * draws, axis=1)
    paths = 100.0 * np.exp(logs)
    payoff = np.maximum(paths.mean(axis=1) - strike, 0.0)
    return payoff.mean() * np.exp(-0.03), payoff.std() / np.sqrt(len(payoff))


def binomial_tree(spot: Any, steps: int) -> Any:
    """American puts, backwards through a tree that shrinks."""
    dt = 1.0 / steps
    up = np.exp(0.2 * np.sqrt(dt))
    chance = (np.exp(0.03 * dt) - 1 / up) / (up - 1 / up)
    level = np.arange(steps, -steps - 1, -2)
    prices = spot[:, None] * up**level
    value = np.maximum(100.0 - prices, 0.0)
    for step in range(steps, 0, -1):
        value = np.exp(-0.03 * dt) * (
            chance * value[:, :-1] + (1 - chance) * value[:, 1:]
        )
        prices = spot[:, None] * up ** np.arange(step - 1, -step, -2)
        value = np.maximum(value, 100.0 - prices)
    return value[:, 0]


def value_at_risk(draws: Any, weights: Any) -> Any:
    """Losses of a portfolio: covariance, quantiles, expected shortfall."""
    returns = 0.01 * draws
    covariance = np.cov(returns, rowvar=False)
    variance = weights @ covariance @ weights
    losses = -(returns @ weights)
    limit = np.quantile(losses, 0.95)
    return variance, limit, losses[losses >= limit].mean()


def technical_indicators(draws: Any, window: int) -> Any:
    """Moving averages, bands and drawdown of price series."""
    price = 100 * np.exp(np.cumsum(0.01 * draws, axis=1))
    total = np.cumsum(price, axis=1)
    mean = (total[:, window:] - total[:, :-window]) / window
    square = np.cumsum(price**2, axis=1)
    deviation = np.sqrt(
        np.maximum((square[:, window:] - square[:, :-window]) / window - mean**2, 0.0)
    )
    drawdown = 1 - price / np.maximum.accumulate(price, axis=1)
    signal = np.where(price[:, window:] > mean + 2 * deviation, -1, 0)
    signal[price[:, window:] < mean - 2 * deviation] = 1
    return mean, drawdown.max(axis=1), signal.sum()


def options(n: int) -> tuple[Any, ...]:
    """Spot, strike, years and volatility."""
    draw = np.random.default_rng(3)
    return (
        draw.uniform(50, 150, n),
        draw.uniform(50, 150, n),
        draw.uniform(0.2, 2, n),
        draw.uniform(0.1, 0.5, n),
    )


def normal(*shape: int) -> Any:
    """Normal numbers."""
    return np.random.default_rng(5).standard_normal(shape)


BLOCKS = [
    Block(black_scholes, options, 50, 500_000),
    Block(implied_volatility, options, 50, 100_000),
    Block(asian_option, lambda n: (normal(n, 50), 100.0), 30, 40_000),
    Block(binomial_tree, lambda n: (np.linspace(80, 120, n), 60), 5, 500),
    Block(value_at_risk, lambda n: (normal(n, 20), np.full(20, 0.05)), 100, 100_000),
    Block(technical_indicators, lambda n: (normal(n, 500), 20), 3, 1000),
]
