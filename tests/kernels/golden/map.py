@numba.jit(
    'void(CPointer(float32), CPointer(uint8), CPointer(float32), float32, int64, '
    'int64, int64, int64, int64, int64, int64, int64, int64, int64, int64, '
    'int64, int64, int64)',
    nogil=True, error_model='numpy',
)  # and no two arguments overlap (noalias)
def multiply_exp_add(
    a0, a1, a2, s0, n0, n1, n2, o0, d0_0, o1, d1_1, d1_2, o2, o3, d3_0, d3_1, lo, hi,
):
    first = lo // n2
    end = (hi + n2 - 1) // n2
    for plane in range(first // n1, (end + n1 - 1) // n1):
        i0 = plane
        p0 = o0 + i0 * d0_0
        p3 = o3 + i0 * d3_0
        for i1 in range(max(first - plane * n1, 0), min(end - plane * n1, n1)):
            row = plane * n1 + i1
            q1 = o1 + i1 * d1_1
            q3 = p3 + i1 * d3_1
            start = max(lo - row * n2, 0)
            stop = min(hi - row * n2, n2)
            for i2 in prange(start, stop):
                x0 = a0[p0 + i2]
                x1 = a1[q1 + i2 * d1_2] != 0
                x2 = o2 + i2
                t0 = float32(exp(x0) * s0)
                t1 = float32(select(x1, t0, float32(0.0)))
                t2 = float32(t1 + float32(x2))
                a2[q3 + i2] = t2
