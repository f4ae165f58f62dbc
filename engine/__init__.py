"""Engine: one lazy array engine with two faces.

``import engine.numpy as np`` is the NumPy face, ``import engine`` the PyTorch face. Ops
are recorded, fused and run as generated kernels when a value is looked at.

Most functions of tensors are their methods as well: ``engine.exp(x)`` is ``x.exp()``.
"""

from __future__ import annotations

from importlib import import_module as _import_module
from math import e as e
from math import inf as inf
from math import nan as nan
from math import pi as pi
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from engine import native as _native
from engine.compile import compile as compile
from engine.config import config as config
from engine.evaluation import eval as eval
from engine.evaluation import reset_stats as reset_stats
from engine.evaluation import stats as stats
from engine.explain import explain as explain
from engine.kernels import pool as _pool
from engine.kernels.pool import set_num_threads as set_num_threads
from engine.random import Generator as Generator
from engine.torch.arrangements import hstack as hstack
from engine.torch.arrangements import meshgrid as meshgrid
from engine.torch.arrangements import vstack as vstack
from engine.torch.complexes import complex as complex
from engine.torch.complexes import imag as imag
from engine.torch.complexes import polar as polar
from engine.torch.complexes import real as real
from engine.torch.complexes import view_as_real as view_as_real
from engine.torch.creation import arange as arange
from engine.torch.creation import as_tensor as as_tensor
from engine.torch.creation import asarray as asarray
from engine.torch.creation import empty as empty
from engine.torch.creation import empty_like as empty_like
from engine.torch.creation import eye as eye
from engine.torch.creation import from_dlpack as from_dlpack
from engine.torch.creation import from_numpy as from_numpy
from engine.torch.creation import full as full
from engine.torch.creation import full_like as full_like
from engine.torch.creation import linspace as linspace
from engine.torch.creation import ones as ones
from engine.torch.creation import ones_like as ones_like
from engine.torch.creation import tensor as tensor
from engine.torch.creation import zeros as zeros
from engine.torch.creation import zeros_like as zeros_like
from engine.torch.device import device as device
from engine.torch.dtypes import Size as Size
from engine.torch.dtypes import bool_ as bool_
from engine.torch.dtypes import can_cast as can_cast
from engine.torch.dtypes import complex64 as complex64
from engine.torch.dtypes import complex128 as complex128
from engine.torch.dtypes import dtype as dtype
from engine.torch.dtypes import finfo as finfo
from engine.torch.dtypes import float16 as float16
from engine.torch.dtypes import float32 as float32
from engine.torch.dtypes import float64 as float64
from engine.torch.dtypes import get_default_dtype as get_default_dtype
from engine.torch.dtypes import iinfo as iinfo
from engine.torch.dtypes import int8 as int8
from engine.torch.dtypes import int16 as int16
from engine.torch.dtypes import int32 as int32
from engine.torch.dtypes import int64 as int64
from engine.torch.dtypes import promote_types as promote_types
from engine.torch.dtypes import set_default_dtype as set_default_dtype
from engine.torch.dtypes import uint8 as uint8
from engine.torch.dtypes import uint16 as uint16
from engine.torch.dtypes import uint32 as uint32
from engine.torch.dtypes import uint64 as uint64
from engine.torch.functions import as_function as _function
from engine.torch.functions import broadcast_tensors as broadcast_tensors
from engine.torch.functions import cat as cat
from engine.torch.functions import concat as concat
from engine.torch.functions import concatenate as concatenate
from engine.torch.functions import einsum as einsum
from engine.torch.functions import is_complex as is_complex
from engine.torch.functions import is_floating_point as is_floating_point
from engine.torch.functions import is_tensor as is_tensor
from engine.torch.functions import numel as numel
from engine.torch.functions import stack as stack
from engine.torch.functions import tensordot as tensordot
from engine.torch.functions import where as where
from engine.torch.gradients import enable_grad as enable_grad
from engine.torch.gradients import inference_mode as inference_mode
from engine.torch.gradients import is_grad_enabled as is_grad_enabled
from engine.torch.gradients import no_grad as no_grad
from engine.torch.gradients import set_grad_enabled as set_grad_enabled
from engine.torch.operands import result_type as result_type
from engine.torch.printing import set_printoptions as set_printoptions
from engine.torch.sampling import bernoulli as bernoulli
from engine.torch.sampling import initial_seed as initial_seed
from engine.torch.sampling import manual_seed as manual_seed
from engine.torch.sampling import multinomial as multinomial
from engine.torch.sampling import rand as rand
from engine.torch.sampling import rand_like as rand_like
from engine.torch.sampling import randint as randint
from engine.torch.sampling import randn as randn
from engine.torch.sampling import randn_like as randn_like
from engine.torch.sampling import randperm as randperm
from engine.torch.tensor import Tensor as Tensor

if _TYPE_CHECKING:
    from engine import cuda as cuda
    from engine import fft as fft
    from engine import linalg as linalg
    from engine import nn as nn
    from engine import optim as optim
    from engine.functional import grad as grad
    from engine.functional import hessian as hessian
    from engine.functional import jvp as jvp
    from engine.functional import value_and_grad as value_and_grad
    from engine.functional import vjp as vjp
    from engine.io import load as load
    from engine.io import save as save

__version__ = "0.1.0"

# What is imported when it is first asked for.
_MODULES = ("cuda", "fft", "linalg", "nn", "optim")
_FUNCTIONS = {
    **dict.fromkeys(("grad", "hessian", "jvp", "value_and_grad", "vjp"), "functional"),
    **dict.fromkeys(("load", "save"), "io"),
}


def __getattr__(name: str) -> _Any:
    if name in _MODULES:
        return _import_module(f"engine.{name}")
    if name not in _FUNCTIONS:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    function = getattr(_import_module(f"engine.{_FUNCTIONS[name]}"), name)
    globals()[name] = function
    return function


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES, *_FUNCTIONS})


# PyTorch's other names of dtypes.
bool = bool_
half = float16
float = float32
double = float64
short = int16
int = int32
long = int64

abs = _function(Tensor.abs)
absolute = _function(Tensor.absolute)
acos = _function(Tensor.acos)
acosh = _function(Tensor.acosh)
add = _function(Tensor.add)
angle = _function(Tensor.angle)
conj = _function(Tensor.conj)
addcdiv = _function(Tensor.addcdiv)
addcmul = _function(Tensor.addcmul)
addmm = _function(Tensor.addmm)
all = _function(Tensor.all)
allclose = _function(Tensor.allclose)
amax = _function(Tensor.amax)
amin = _function(Tensor.amin)
any = _function(Tensor.any)
arccos = _function(Tensor.arccos)
arcsin = _function(Tensor.arcsin)
arctan = _function(Tensor.arctan)
arctan2 = _function(Tensor.arctan2)
argmax = _function(Tensor.argmax)
argmin = _function(Tensor.argmin)
argsort = _function(Tensor.argsort)
asin = _function(Tensor.asin)
asinh = _function(Tensor.asinh)
atan = _function(Tensor.atan)
atan2 = _function(Tensor.atan2)
atanh = _function(Tensor.atanh)
bitwise_and = _function(Tensor.bitwise_and)
bitwise_left_shift = _function(Tensor.bitwise_left_shift)
bitwise_not = _function(Tensor.__invert__)
bitwise_or = _function(Tensor.bitwise_or)
bitwise_right_shift = _function(Tensor.bitwise_right_shift)
bitwise_xor = _function(Tensor.bitwise_xor)
bmm = _function(Tensor.bmm)
broadcast_to = _function(Tensor.broadcast_to)
ceil = _function(Tensor.ceil)
chunk = _function(Tensor.chunk)
clamp = _function(Tensor.clamp)
clamp_max = _function(Tensor.clamp_max)
clamp_min = _function(Tensor.clamp_min)
clone = _function(Tensor.clone)
copysign = _function(Tensor.copysign)
cos = _function(Tensor.cos)
cosh = _function(Tensor.cosh)
count_nonzero = _function(Tensor.count_nonzero)
cumprod = _function(Tensor.cumprod)
cumsum = _function(Tensor.cumsum)
deg2rad = _function(Tensor.deg2rad)
detach = _function(Tensor.detach)
diagonal = _function(Tensor.diagonal)
diag = _function(Tensor.diag)
diff = _function(Tensor.diff)
dist = _function(Tensor.dist)
div = _function(Tensor.div)
dot = _function(Tensor.dot)
eq = _function(Tensor.eq)
equal = _function(Tensor.equal)
erf = _function(Tensor.erf)
erfc = _function(Tensor.erfc)
exp = _function(Tensor.exp)
exp2 = _function(Tensor.exp2)
expm1 = _function(Tensor.expm1)
flatten = _function(Tensor.flatten)
flip = _function(Tensor.flip)
floor = _function(Tensor.floor)
floor_divide = _function(Tensor.floor_divide)
fmax = _function(Tensor.fmax)
fmin = _function(Tensor.fmin)
fmod = _function(Tensor.fmod)
gather = _function(Tensor.gather)
ge = _function(Tensor.ge)
greater = _function(Tensor.greater)
greater_equal = _function(Tensor.greater_equal)
gt = _function(Tensor.gt)
hypot = _function(Tensor.hypot)
index_add = _function(Tensor.index_add)
index_fill = _function(Tensor.index_fill)
index_select = _function(Tensor.index_select)
isclose = _function(Tensor.isclose)
isfinite = _function(Tensor.isfinite)
isinf = _function(Tensor.isinf)
isnan = _function(Tensor.isnan)
le = _function(Tensor.le)
lerp = _function(Tensor.lerp)
less = _function(Tensor.less)
less_equal = _function(Tensor.less_equal)
lgamma = _function(Tensor.lgamma)
log = _function(Tensor.log)
log10 = _function(Tensor.log10)
log1p = _function(Tensor.log1p)
log2 = _function(Tensor.log2)
log_softmax = _function(Tensor.log_softmax)
logaddexp = _function(Tensor.logaddexp)
logical_and = _function(Tensor.logical_and)
logical_not = _function(Tensor.logical_not)
logical_or = _function(Tensor.logical_or)
logical_xor = _function(Tensor.logical_xor)
logit = _function(Tensor.logit)
logsumexp = _function(Tensor.logsumexp)
lt = _function(Tensor.lt)
masked_fill = _function(Tensor.masked_fill)
masked_select = _function(Tensor.masked_select)
matmul = _function(Tensor.matmul)
max = _function(Tensor.max)
maximum = _function(Tensor.maximum)
mean = _function(Tensor.mean)
median = _function(Tensor.median)
min = _function(Tensor.min)
minimum = _function(Tensor.minimum)
mm = _function(Tensor.mm)
movedim = _function(Tensor.movedim)
mul = _function(Tensor.mul)
multiply = _function(Tensor.multiply)
mv = _function(Tensor.mv)
nan_to_num = _function(Tensor.nan_to_num)
nansum = _function(Tensor.nansum)
narrow = _function(Tensor.narrow)
ne = _function(Tensor.ne)
neg = _function(Tensor.__neg__)
nonzero = _function(Tensor.nonzero)
norm = _function(Tensor.norm)
not_equal = _function(Tensor.not_equal)
outer = _function(Tensor.outer)
permute = _function(Tensor.permute)
pow = _function(Tensor.pow)
prod = _function(Tensor.prod)
rad2deg = _function(Tensor.rad2deg)
ravel = _function(Tensor.ravel)
reciprocal = _function(Tensor.reciprocal)
relu = _function(Tensor.relu)
remainder = _function(Tensor.remainder)
repeat_interleave = _function(Tensor.repeat_interleave)
reshape = _function(Tensor.reshape)
roll = _function(Tensor.roll)
round = _function(Tensor.round)
rsqrt = _function(Tensor.rsqrt)
rsub = _function(Tensor.rsub)
scatter = _function(Tensor.scatter)
scatter_add = _function(Tensor.scatter_add)
select = _function(Tensor.select)
sigmoid = _function(Tensor.sigmoid)
sign = _function(Tensor.sign)
sin = _function(Tensor.sin)
sinh = _function(Tensor.sinh)
softmax = _function(Tensor.softmax)
sort = _function(Tensor.sort)
split = _function(Tensor.split)
sqrt = _function(Tensor.sqrt)
square = _function(Tensor.square)
squeeze = _function(Tensor.squeeze)
std = _function(Tensor.std)
sub = _function(Tensor.sub)
sum = _function(Tensor.sum)
swapaxes = _function(Tensor.swapaxes)
t = _function(Tensor.t)
tan = _function(Tensor.tan)
tanh = _function(Tensor.tanh)
tile = _function(Tensor.tile)
topk = _function(Tensor.topk)
trace = _function(Tensor.trace)
transpose = _function(Tensor.transpose)
tril = _function(Tensor.tril)
triu = _function(Tensor.triu)
true_divide = _function(Tensor.true_divide)
trunc = _function(Tensor.trunc)
unbind = _function(Tensor.unbind)
unflatten = _function(Tensor.unflatten)
unique = _function(Tensor.unique)
unsqueeze = _function(Tensor.unsqueeze)
var = _function(Tensor.var)
clip = clamp
divide = div
negative = neg
subtract = sub

get_num_threads = _pool.num_threads

_native.prepare(Tensor)
