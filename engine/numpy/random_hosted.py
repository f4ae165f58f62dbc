"""Distributions that generators of NumPy draw from; see `random_distributions`."""

from __future__ import annotations

from typing import Any


class Hosted:
    """Draws that NumPy computes at once, seeded by the stream."""

    def _hosted(self, name: str, *args: Any, **options: Any) -> Any:
        raise NotImplementedError

    def beta(self, a: Any, b: Any, size: Any = None) -> Any:
        """Numbers in [0, 1] of the beta distribution."""
        return self._hosted("beta", a, b, size)

    def chisquare(self, df: Any, size: Any = None) -> Any:
        """Sums of squares of normal numbers."""
        return self._hosted("chisquare", df, size)

    def dirichlet(self, alpha: Any, size: Any = None) -> Any:
        """Shares, which sum to 1."""
        return self._hosted("dirichlet", alpha, size)

    def f(self, dfnum: Any, dfden: Any, size: Any = None) -> Any:
        """Quotients of two means of squares."""
        return self._hosted("f", dfnum, dfden, size)

    def gamma(self, shape: Any, scale: Any = 1.0, size: Any = None) -> Any:
        """Numbers of the gamma distribution."""
        return self._hosted("gamma", shape, scale, size)

    def hypergeometric(
        self, ngood: Any, nbad: Any, nsample: Any, size: Any = None
    ) -> Any:
        """How many of a sample are good."""
        return self._hosted("hypergeometric", ngood, nbad, nsample, size)

    def logseries(self, p: Any, size: Any = None) -> Any:
        """Numbers of the logarithmic distribution."""
        return self._hosted("logseries", p, size)

    def multinomial(self, n: Any, pvals: Any, size: Any = None) -> Any:
        """How often each of several outcomes comes."""
        return self._hosted("multinomial", n, pvals, size)

    def negative_binomial(self, n: Any, p: Any, size: Any = None) -> Any:
        """How many trials fail before n succeed."""
        return self._hosted("negative_binomial", n, p, size)

    def noncentral_chisquare(self, df: Any, nonc: Any, size: Any = None) -> Any:
        """Sums of squares of normal numbers with a mean."""
        return self._hosted("noncentral_chisquare", df, nonc, size)

    def noncentral_f(self, dfnum: Any, dfden: Any, nonc: Any, size: Any = None) -> Any:
        """As `f`, the upper numbers with a mean."""
        return self._hosted("noncentral_f", dfnum, dfden, nonc, size)

    def poisson(self, lam: Any = 1.0, size: Any = None) -> Any:
        """How often something comes that comes `lam` times on average."""
        return self._hosted("poisson", lam, size)

    def standard_t(self, df: Any, size: Any = None) -> Any:
        """Numbers of Student's distribution."""
        return self._hosted("standard_t", df, size)

    def vonmises(self, mu: Any, kappa: Any, size: Any = None) -> Any:
        """Angles around a direction."""
        return self._hosted("vonmises", mu, kappa, size)

    def wald(self, mean: Any, scale: Any, size: Any = None) -> Any:
        """Numbers of the inverse Gaussian distribution."""
        return self._hosted("wald", mean, scale, size)

    def zipf(self, a: Any, size: Any = None) -> Any:
        """Numbers whose frequency is a power of them."""
        return self._hosted("zipf", a, size)
