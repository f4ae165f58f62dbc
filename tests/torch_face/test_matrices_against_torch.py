"""Linear algebra, transforms and complex tensors: PyTorch's values and gradients.

Runs where torch is installed; `test_matrices` claims the same without it.
"""

from __future__ import annotations

import pytest
from test_against_torch import compare_gradients, names, same, sources, torch

import engine

# Sources over x (3, 4), y (3, 4), v (4), m (4, 5), i (integers, 3 x 4), and `torch`.
VALUES = """
torch.linalg.inv(x[:, :3])
torch.linalg.solve(x[:, :3], y)
torch.linalg.solve(x[:, :3], y[:, 0])
torch.linalg.solve(x[:, :3], y.t(), left=False)
torch.linalg.det(x[:, :3])
torch.linalg.slogdet(x[:, :3])[1]
torch.linalg.cholesky(x @ x.t() + torch.eye(3))
torch.linalg.qr(x.t())[1]
torch.linalg.qr(x)[1]
torch.linalg.svd(x, full_matrices=False)[1]
torch.linalg.svdvals(x)
torch.linalg.eigvalsh(x @ x.t())
torch.linalg.pinv(x)
torch.linalg.lstsq(x.t(), y.t())[0]
torch.linalg.norm(x)
torch.linalg.norm(x, 1)
torch.linalg.norm(x, dim=1)
torch.linalg.vector_norm(x, 3, 0)
torch.linalg.matrix_norm(x, "nuc", keepdim=True)
torch.linalg.cond(x)
torch.linalg.matrix_rank(x)
torch.linalg.matrix_power(x[:, :3], 3)
torch.linalg.multi_dot([v, x.t(), y, m])
torch.linalg.vecdot(x, y)
torch.linalg.diagonal(x)
torch.fft.rfft(x).abs()
torch.fft.irfft(torch.fft.rfft(x, 6) * 2, 5)
torch.fft.fftn(x).abs()
torch.fft.irfftn(torch.fft.rfftn(x), (3, 5))
torch.fft.fft(x).real
torch.fft.fft(x).imag
torch.fft.fft(x).angle()
torch.fft.fft(x).conj().imag + 0
torch.fft.fft(x).mH.imag + 0
torch.view_as_real(torch.fft.fft(x))
torch.complex(x, y).abs()
torch.polar(x.abs(), y).imag
torch.complex(x, v).real * torch.real(torch.complex(v, v))
torch.imag(torch.complex(x, y) * 2j)
x.angle()
i.angle()
x.conj()
torch.fft.hfft(x, norm="ortho")
torch.fft.fftfreq(5, 0.1)
torch.fft.ifftshift(torch.fft.fftshift(v))
"""


@pytest.mark.parametrize("source", sources(VALUES))
def test_values_dtypes_and_shapes(source: str) -> None:
    with engine.config(tier="numpy"):
        same(eval(source, names(engine)), eval(source, names(torch)), source)


@pytest.mark.parametrize("source", sources(VALUES))
def test_gradients(source: str) -> None:
    compare_gradients(source)
