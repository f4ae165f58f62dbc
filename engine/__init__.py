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

from engine import execute as _execute
from engine import native as _native
from engine.compile import compile as compile
from engine.config import config as config
from engine.evaluation import eval as eval
from engine.evaluation import reset_stats as reset_stats
from engine.evaluation import stats as stats
from engine.explain import explain as explain
from engine.kernels import pool as _pool
from engine.kernels.pool import set_num_threads as set_num_threads
from engine.plan import ColdPlan as _ColdPlan
from engine.random import Generator as Generator
from engine.torch.complexes import complex as complex
from engine.torch.complexes import imag as imag
from engine.torch.complexes import polar as polar
from engine.torch.complexes import real as real
from engine.torch.complexes import view_as_real as view_as_real
from engine.torch.creation import arange as arange
from engine.torch.creation import as_tensor as as_tensor
from engine.torch.creation import asarray as asarray
from engine.torch.creation import bernoulli as bernoulli
from engine.torch.creation import empty as empty
from engine.torch.creation import empty_like as empty_like
from engine.torch.creation import eye as eye
from engine.torch.creation import from_dlpack as from_dlpack
from engine.torch.creation import from_numpy as from_numpy
from engine.torch.creation import full as full
from engine.torch.creation import full_like as full_like
from engine.torch.creation import initial_seed as initial_seed
from engine.torch.creation import linspace as linspace
from engine.torch.creation import manual_seed as manual_seed
from engine.torch.creation import ones as ones
from engine.torch.creation import ones_like as ones_like
from engine.torch.creation import rand as rand
from engine.torch.creation import rand_like as rand_like
from engine.torch.creation import randint as randint
from engine.torch.creation import randn as randn
from engine.torch.creation import randn_like as randn_like
from engine.torch.creation import randperm as randperm
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

abs = Tensor.abs
absolute = Tensor.absolute
acos = Tensor.acos
acosh = Tensor.acosh
add = Tensor.add
angle = Tensor.angle
conj = Tensor.conj
addcdiv = Tensor.addcdiv
addcmul = Tensor.addcmul
addmm = Tensor.addmm
all = Tensor.all
allclose = Tensor.allclose
amax = Tensor.amax
amin = Tensor.amin
any = Tensor.any
arccos = Tensor.arccos
arcsin = Tensor.arcsin
arctan = Tensor.arctan
arctan2 = Tensor.arctan2
argmax = Tensor.argmax
argmin = Tensor.argmin
argsort = Tensor.argsort
asin = Tensor.asin
asinh = Tensor.asinh
atan = Tensor.atan
atan2 = Tensor.atan2
atanh = Tensor.atanh
bitwise_and = Tensor.bitwise_and
bitwise_left_shift = Tensor.bitwise_left_shift
bitwise_not = Tensor.__invert__
bitwise_or = Tensor.bitwise_or
bitwise_right_shift = Tensor.bitwise_right_shift
bitwise_xor = Tensor.bitwise_xor
bmm = Tensor.bmm
broadcast_to = Tensor.broadcast_to
ceil = Tensor.ceil
chunk = Tensor.chunk
clamp = Tensor.clamp
clamp_max = Tensor.clamp_max
clamp_min = Tensor.clamp_min
clone = Tensor.clone
copysign = Tensor.copysign
cos = Tensor.cos
cosh = Tensor.cosh
count_nonzero = Tensor.count_nonzero
cumprod = Tensor.cumprod
cumsum = Tensor.cumsum
deg2rad = Tensor.deg2rad
detach = Tensor.detach
diagonal = Tensor.diagonal
dist = Tensor.dist
div = Tensor.div
dot = Tensor.dot
eq = Tensor.eq
equal = Tensor.equal
erf = Tensor.erf
erfc = Tensor.erfc
exp = Tensor.exp
exp2 = Tensor.exp2
expm1 = Tensor.expm1
flatten = Tensor.flatten
flip = Tensor.flip
floor = Tensor.floor
floor_divide = Tensor.floor_divide
fmax = Tensor.fmax
fmin = Tensor.fmin
fmod = Tensor.fmod
gather = Tensor.gather
ge = Tensor.ge
greater = Tensor.greater
greater_equal = Tensor.greater_equal
gt = Tensor.gt
hypot = Tensor.hypot
index_select = Tensor.index_select
isclose = Tensor.isclose
isfinite = Tensor.isfinite
isinf = Tensor.isinf
isnan = Tensor.isnan
le = Tensor.le
lerp = Tensor.lerp
less = Tensor.less
less_equal = Tensor.less_equal
lgamma = Tensor.lgamma
log = Tensor.log
log10 = Tensor.log10
log1p = Tensor.log1p
log2 = Tensor.log2
log_softmax = Tensor.log_softmax
logaddexp = Tensor.logaddexp
logical_and = Tensor.logical_and
logical_not = Tensor.logical_not
logical_or = Tensor.logical_or
logical_xor = Tensor.logical_xor
logit = Tensor.logit
logsumexp = Tensor.logsumexp
lt = Tensor.lt
masked_fill = Tensor.masked_fill
masked_select = Tensor.masked_select
matmul = Tensor.matmul
max = Tensor.max
maximum = Tensor.maximum
mean = Tensor.mean
min = Tensor.min
minimum = Tensor.minimum
mm = Tensor.mm
movedim = Tensor.movedim
mul = Tensor.mul
multiply = Tensor.multiply
mv = Tensor.mv
nansum = Tensor.nansum
narrow = Tensor.narrow
ne = Tensor.ne
neg = Tensor.__neg__
nonzero = Tensor.nonzero
norm = Tensor.norm
not_equal = Tensor.not_equal
outer = Tensor.outer
permute = Tensor.permute
pow = Tensor.pow
prod = Tensor.prod
rad2deg = Tensor.rad2deg
ravel = Tensor.ravel
reciprocal = Tensor.reciprocal
relu = Tensor.relu
remainder = Tensor.remainder
repeat_interleave = Tensor.repeat_interleave
reshape = Tensor.reshape
roll = Tensor.roll
round = Tensor.round
rsqrt = Tensor.rsqrt
rsub = Tensor.rsub
select = Tensor.select
sigmoid = Tensor.sigmoid
sign = Tensor.sign
sin = Tensor.sin
sinh = Tensor.sinh
softmax = Tensor.softmax
sort = Tensor.sort
split = Tensor.split
sqrt = Tensor.sqrt
square = Tensor.square
squeeze = Tensor.squeeze
std = Tensor.std
sub = Tensor.sub
sum = Tensor.sum
t = Tensor.t
tan = Tensor.tan
tanh = Tensor.tanh
tile = Tensor.tile
topk = Tensor.topk
transpose = Tensor.transpose
tril = Tensor.tril
triu = Tensor.triu
true_divide = Tensor.true_divide
trunc = Tensor.trunc
unbind = Tensor.unbind
unflatten = Tensor.unflatten
unique = Tensor.unique
unsqueeze = Tensor.unsqueeze
var = Tensor.var
clip = clamp
divide = div
negative = neg
subtract = sub

get_num_threads = _pool.num_threads

_execute.plan_by(_ColdPlan)
_native.prepare(Tensor)
