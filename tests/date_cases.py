"""Expressions of dates and durations, by what they show; `;` parts them."""

from __future__ import annotations

CASES = {
    "arrays of dates are made as by NumPy": """
np.zeros(3, 'M8[D]'); np.zeros(3, 'M8'); np.ones(3, 'M8[D]');
np.full(3, np.datetime64('2020-01-01')); np.full(3, '2020-01-01', 'M8[D]');
np.full(3, 5, 'M8[D]'); np.arange('2020-01-01', '2020-01-05', dtype='M8[D]');
np.arange(np.datetime64('2020-01-01'), np.datetime64('2020-02-01'), 7);
np.arange(np.datetime64('2020-01-01'), 20, np.timedelta64(1, 'W'));
np.arange(np.datetime64('2020-01-01'), 10); np.arange(5, dtype='m8[s]');
np.arange(np.timedelta64(5, 's')); np.array([1, 2]).view('M8[D]');
np.full_like(a, '2020-01-01'); np.full_like(a, 5); np.eye(2, dtype='m8[s]');
np.array([datetime.date(2020, 1, 1)], dtype='M8[D]');
np.array([np.datetime64('2020')]); np.array(['2020-01-01'], 'M8');
np.array(a.tolist(), dtype='M8[D]');
np.array(['2020-01-01', '2021-02-03'], dtype='datetime64[D]');
np.array(['2020-01-01', '2021-02-03'], dtype='datetime64');
np.array([1, 2], dtype='timedelta64[s]');
np.array([np.timedelta64(1, 's'), np.timedelta64(1, 'm')]);
np.array([np.timedelta64(1, 's'), 5]); np.asarray(np.datetime64('2020-01-01'));
np.arange('2020-01', '2020-04', dtype='M8[M]'); np.arange(0, 10, 2, dtype='m8[s]');
np.arange(np.datetime64('2020'), np.datetime64('2024'), 2);
np.full((2,), np.timedelta64(3, 's')); np.full(2, 'NaT', dtype='M8[s]');
np.full_like(d, 7); np.zeros_like(a); np.ones_like(d); np.zeros(2, 'm8[ms]');
np.empty(0, 'M8[D]'); np.zeros((2, 2), 'm8[s]').shape; np.asarray(d, 'm8[s]')
""",
    "arithmetic promotes units, wraps around and keeps NaT": """
a + 1; d * 2; d * 2.5; d / 2; d / d; d // d; d % d; d // 2;
np.clip(a, np.datetime64('2020-01-02'), None);
np.maximum(a, np.datetime64('2020-02-01')); np.fmax(a, np.datetime64('2020-02-01'));
np.sign(d); -d; +d; np.remainder(d, np.timedelta64(2, 'h')); np.floor_divide(d, 2.5);
np.busday_count('2020-01-01', a[:1]); np.subtract.outer(a, a);
np.array([2 ** 63 - 1], 'm8[s]') + np.timedelta64(1, 's');
np.array([2 ** 62], 'm8[D]') + np.array([1], 'm8[s]');
np.add(a, d, out=np.zeros(3, 'M8[D]')); np.add(a, d, out=np.zeros(3, 'M8[h]'));
np.add(a, d, out=np.zeros(3, 'M8[D]'), casting='unsafe');
np.add(a, d, where=[True, False, True]).dtype; np.datetime64('2020-01-01') - a;
a - np.datetime64('2020-01-01'); a - a[0]; a - d; d + a; np.timedelta64(1, 'D') + a;
5 * d; 2.5 * d; d * f; f * d; d * k; d // k; d / np.timedelta64(1, 'm'); d / f;
d % np.timedelta64(2, 'h'); d // np.timedelta64(2, 'h'); k + d; d + k; a + k; a - k;
a - 1; 1 - d; d - 1; 1 + a; True + a; d * True; d * np.array([True, False, True]);
np.is_busday(a, holidays=['2020-01-01']); np.busday_count(a[:1], '2020-02-01');
np.where(np.isnat(a), np.datetime64('2000-01-01'), a);
np.arange(3) * np.timedelta64(1, 'D') + np.datetime64('2020-01-01');
np.arange(3) + np.datetime64('2020-01-01'); np.add(a, d);
np.add(d, d, out=np.zeros(3, 'm8[s]')); np.add(d, d, out=np.zeros(3, 'm8[D]'));
np.add(d, d, dtype='m8'); np.add(d, d, casting='no'); np.subtract(a, a, dtype='m8');
np.subtract(a, a); np.multiply(d, 2, out=np.zeros(3, 'm8[h]')); np.divide(d, d);
np.divide(d, 0); np.divide(d, 0.0); np.floor_divide(d, 0); d // np.timedelta64(0, 'h');
d % np.timedelta64(0, 'h'); np.true_divide(d, np.timedelta64(0, 'h')); np.negative(d);
np.absolute(d); np.datetime64('2020-01-01') in a;
np.add.at(d, [0, 0], np.timedelta64(1, 'h'));
np.subtract.at(d, [0, 0], np.timedelta64(1, 'h')); np.divmod(d, d);
np.array(np.datetime64('2020')) + 5; np.array([1.5, 2]) * np.timedelta64(3, 's');
np.array(5, 'm8[s]') + 1; np.array(['2020'], 'M8[Y]') + np.timedelta64(1, 'M');
np.array(['2020'], 'M8[Y]') + np.timedelta64(1, 'D');
np.array([1], 'm8[Y]') + np.timedelta64(1, 'M');
np.array([1], 'm8') + np.timedelta64(1, 'M'); np.array([2 ** 62], 'm8[s]') * 4;
np.linspace(0, 1, 3) * np.timedelta64(10, 's')
""",
    "comparisons put NaT apart": """
a == 5; a != d; a == d; a == 1.5; np.isnat(a); np.isfinite(a); np.isnan(a);
np.isinf(a); np.array_equal(a, a); np.array_equal(a, a, equal_nan=True);
np.logical_and(d, d); d > 0; d == 1; d != 1; d == 1.0; 1 == d;
np.timedelta64(1, 'h') == d; np.datetime64('2020-01-01') == a;
np.datetime64('2020-01-01') < a; np.isnat(d); np.isnat(a[0]);
np.isnat(np.datetime64('NaT')); np.isfinite(d); np.logical_or(d, k); ~(d > 0);
np.less(d, 3); np.greater(d, k); np.equal(d, k); np.array_equal(d, d);
np.array_equiv(d, d)
""",
    "casts and views": """
a.astype('m8[D]'); d.astype('M8[D]'); a.astype(float); d.astype(bool);
a.astype(complex); np.array([1 + 1j]).astype('M8[D]'); np.array([1, 2]).astype('m8');
np.concatenate([a, a.astype('M8[s]')]); a.view(np.int64);
a.astype('M8[s]', casting='safe'); a.astype('M8[s]'); a.astype('M8[Y]');
a.astype('i8'); a.astype('M8'); a.astype('M8[D]', copy=False); d.astype('m8[s]');
d.astype('m8[D]'); d.astype(float); d.astype(int); k.astype('m8[D]');
k.astype('M8[D]'); f.astype('m8[s]'); f.astype('M8[s]'); (d > 0).astype('m8[s]');
a.astype('M8[us]').astype('M8[D]');
np.arange('2020-01', '2020-04', dtype='M8[M]').astype('M8[D]'); a.view('i8');
a.view('i8')[0]; a.view('m8[s]'); a.view('i4').shape; k.view('m8[s]');
np.copyto(a, np.datetime64('2000-01-01')); np.copyto(d, k);
np.array([2 ** 40], 'm8[D]').astype('m8[ns]');
np.array([2 ** 40], 'M8[D]').astype('M8[ns]'); np.astype(a, 'M8[s]');
np.astype(a, 'i8')
""",
    "indexing, masks and joins": """
np.nonzero(a); np.stack([a, a]); a.real; a.imag; np.tile(a, 2);
np.select([np.array([True, False, True])], [a], np.datetime64('NaT'));
np.put_along_axis(a.copy(), np.array([0]), np.datetime64('2021-01-01'), 0);
np.triu(np.ones((2, 2), 'm8[s]')); a[1:]; a[[0, 2]]; a[np.array([True, False, True])];
a[~np.isnat(a)]; d[d > 0]; a.reshape(3, 1); a.reshape(3, 1) - a; np.repeat(a, 2);
np.flip(a); np.roll(a, 1); np.append(a, a); np.vstack([a, a]).T; a.T;
np.flatnonzero(d); np.argwhere(d); np.take(a, [0, 2]);
np.take_along_axis(a, np.array([2, 0]), 0); np.compress([True, False, True], a);
np.extract(d > 0, d); np.choose([0, 1, 0], [a, a[::-1]]);
np.select([d > 0], [d], np.timedelta64(0, 'h'));
np.place(a, np.isnat(a), np.datetime64('2000-01-01'));
np.putmask(a, np.isnat(a), np.datetime64('2000-01-01')); np.broadcast_to(a, (2, 3));
np.meshgrid(a, d); np.split(a, 3); np.insert(a, 1, np.datetime64('2000-01-01'));
np.delete(a, 1); np.pad(d, 1); np.pad(a, 1, mode='edge');
np.triu(np.zeros((2, 2), 'm8[s]')); np.tril(np.zeros((2, 2), 'M8[s]')); np.diag(d);
np.moveaxis(a[None], 0, 1); np.rot90(a[None])
""",
    "reductions and scans": """
d.sum(); a.any(); d.any(); a.all(); d.mean(); np.median(d); np.cumsum(d); np.nanmin(a);
np.nanmax(a); np.nansum(d); np.nanmean(d); np.ptp(a); np.trapezoid(d);
np.percentile(d, 50); np.quantile(a, 0.5); np.count_nonzero(d); np.add.reduce(d);
np.add.accumulate(d); np.minimum.reduce(a); np.nan_to_num(d); a.max(); a.argmax();
a.argmin(); np.sum(d, initial=np.timedelta64(3, 'D')); np.sum(d, initial=5);
np.max(a, initial=np.datetime64('2030-01-01')); np.max(a, initial=5);
np.sum(d, where=[True, False, True]);
np.max(a, where=[True, False, True], initial=np.datetime64('2000-01-01'));
np.mean(d, where=[True, False, True]); a[~np.isnat(a)].max(); a[~np.isnat(a)].min();
d[d > np.timedelta64(0, 'h')].sum(); d[d > 0].mean(); np.vstack([a, a]).max(axis=0);
np.vstack([d, d]).sum(axis=1); np.vstack([d, d]).sum(axis=0, keepdims=True);
np.vstack([d, d]).mean(axis=1); np.vstack([a, a]).argmin(axis=1);
np.vstack([d, d]).cumsum(axis=0); np.all(d); np.any(a); a.min(); a[[0, 2]].min();
a[[0, 2]].ptp() if hasattr(a, 'ptp') else np.ptp(a[[0, 2]]); np.max(d); np.argmax(d);
np.argmin(d); np.nanmax(d); np.nanargmin(a); np.nanargmax(a); np.nanmean(d, axis=0);
np.nanmedian(d); np.mean(d); np.mean(d, keepdims=True);
np.mean(np.vstack([d, d]), axis=0); np.sum(d, axis=0); np.sum(d[:0]);
np.mean(d, where=np.array([True, False, True]));
np.sum(d, where=np.array([True, False, True]));
np.max(d, initial=np.timedelta64(9, 'h'));
np.min(d, initial=np.timedelta64(-9, 'h'), where=np.array([True, False, True]));
np.cumsum(np.array([1, 'NaT'], 'm8[s]')); np.cumulative_sum(d); np.trapezoid(f, d);
np.trapezoid(d, f); np.count_nonzero(a); np.nan_to_num(a); np.fmax.reduce(a);
np.maximum.accumulate(a); np.add.reduceat(d, [0, 1]); a.max(axis=0)
""",
    "sorting and sets": """
np.unique(a); np.sort(a); np.argsort(a);
np.searchsorted(np.sort(a), np.datetime64('2020-01-15')); np.lexsort((a,));
np.sort(np.vstack([a, a[::-1]]), axis=0); np.unique(a, return_counts=True);
np.searchsorted(a[[0, 2]], a[[0, 2]]); np.isin(a, a[:1]); np.union1d(a, a);
np.setdiff1d(a, a[:1]); np.intersect1d(a, a[:1]); np.partition(a, 1);
np.argpartition(d, 1); np.lexsort((d, a)); sorted(a[[2, 0]])[0];
np.apply_along_axis(np.sort, 0, a)
""",
    "other functions": """
np.where([True, False, True], a, np.datetime64('NaT')); abs(d); np.diff(a);
np.gradient(d); np.ediff1d(a); np.isreal(a); divmod(d, d); np.is_busday(a);
np.correlate(d, d); np.outer(d, [1, 2]); np.convolve(d, [1, 2]);
np.trace(np.ones((2, 2), 'm8[s]')); np.is_busday(a, weekmask='1111111');
np.is_busday(a, busdaycal=np.busdaycalendar('1111100'));
np.busday_offset(a, 1, roll='forward'); np.busday_offset(a[[0, 2]], 1, 'backward');
np.busday_count(a[:1], a[2:]); np.diff(a, n=2); np.diff(a[[0, 2]]);
np.minimum(a, a[0]); np.minimum(d, 5); np.clip(d, 0, 3);
np.clip(d, np.timedelta64(0, 'h'), np.timedelta64(3, 'h'));
np.where(np.isnat(a), a[0], a); np.where(d > 0, d, 0);
np.where(d > 0, d, np.timedelta64(0, 's')); np.kron(d, k); np.gradient(a);
np.ediff1d(d); np.result_type(a, d); np.can_cast(a.dtype, 'M8[s]');
np.result_type(a, 'M8[ns]'); np.iscomplexobj(a); np.isreal(d); np.trace(np.diag(d));
a.__array__(); np.fmin(a, a[0]); np.maximum.outer(d, d);
divmod(d, np.timedelta64(2, 'h')); np.vectorize(lambda x: x)(a)
""",
    "printing, items and facts": """
bool(a[0]); a[0].item(); a.tolist(); bool(d[0]); a.item(0); a[1].item(); d.dtype.str;
a.itemsize; a.nbytes; a.flags.c_contiguous; a.tobytes(); max(d); len(a); hash(a[0]);
str(a); repr(a); repr(a[0]); str(d); f'{a[0]}'; list(a)[2]
""",
    "what NumPy refuses is refused by the same class": """
a + datetime.timedelta(1); a + datetime.date(2020, 1, 1);
a - datetime.date(2020, 1, 1); a > datetime.date(2020, 1, 1); np.equal(a, 5); a < 5;
a + 1.5; a.sum(); d.prod(); a.mean(); d.std(); d.var(); np.median(a);
np.array([1, 2], 'm8') + d;
np.linspace(np.datetime64('2020-01-01'), np.datetime64('2020-02-01'), 5);
np.linspace(np.timedelta64(0, 's'), np.timedelta64(10, 's'), 5);
np.where([True, False, True], a, 5); np.isnat(np.ones(2)); -a; np.cumprod(d);
np.digitize(a, np.sort(a)); np.histogram(d); np.interp(d, d, d); d @ d;
np.isclose(d, d); np.allclose(d, d); np.round(d); np.floor(d); np.sqrt(d);
np.concatenate([a, d]); np.concatenate([a, [1, 2]]); a.conj(); np.float_power(d, 2);
d ** 2; 2 ** d; np.power(d, 2); np.divmod(d, 2); np.hypot(d, d); np.spacing(d);
np.fmod(d, d); np.logical_not(a); d & d; ~d; d << 1; np.gcd(d, d); int(d[0]);
float(d[0]); np.cov(d); np.einsum('i,i', d, d); np.bincount(d); np.heaviside(d, d);
np.copysign(d, d); np.unwrap(d); np.packbits(d); np.vander(d);
a.astype('M8[Y]', casting='safe'); a.astype('i8', casting='same_kind');
np.sum(d, dtype='m8[s]'); np.mean(d, dtype='m8[s]'); np.add(d, d, dtype='m8[s]');
d - a; a + a; f / d; d % 2; np.array(['x'], dtype='M8[D]');
np.is_busday(a, '1111111', busdaycal=np.busdaycalendar('1111100'));
np.busday_offset(a, 1); np.in1d(a, a[:1]); np.minimum(a, d); np.maximum(a, 5);
np.clip(a, '2020-01-02', None); np.isnat(5); np.isnat(k); np.std(d); np.max(d[:0]);
np.prod(d); np.arange(np.datetime64('2020'), np.datetime64('2024'), 0);
np.arange(1.5, dtype='m8[s]'); np.add(d, d, out=np.zeros(3, 'i8'));
np.add(d, d, out=np.zeros(3, 'f8')); np.add(d, d.astype('m8[s]'), casting='no');
np.negative(a); np.positive(a); np.square(d); np.exp(d); np.sin(a); np.abs(a);
np.logical_not(d); np.equal(a, d); np.less(a, d); np.power(d, d); np.matmul(d, k);
np.einsum('i->', d); np.outer(d, d); np.interp(a, a, f); np.histogram(a);
np.bincount(a); np.allclose(a, a); np.isclose(a, a); np.copyto(a, d); np.around(d, 1);
np.digitize(d, np.sort(d)); np.unwrap(a); np.modf(d); np.frexp(d);
np.array([1], 'm8[Y]') + np.timedelta64(1, 'D'); np.zeros(1, 'm8[s]') + 2 ** 63;
d + 2 ** 63; d * 2 ** 63
""",
}
"""`a` are dates and `d` durations, `f` floating numbers and `k` integers."""
