@numba.jit(
    'void(CPointer(float64), CPointer(float64), int64, int64, int64, int64, int64, '
    'int64, int64, int64)',
    nogil=True, error_model='numpy',
)  # and no two arguments overlap (noalias)
def softmax(a0, a1, n0, n1, o0, d0_0, o1, d1_0, lo, hi):
    lanes0 = stack(float64, 32)
    lanes1 = stack(float64, 32)
    v1 = stack(float64, 1024)
    for row in range(lo, hi):
        i0 = row
        p0 = o0 + i0 * d0_0
        p1 = o1 + i0 * d1_0
        clear_max(lanes0)
        lanes_max_ahead(lanes0, at(a0, p0), n1)
        t0 = merge_max(lanes0)
        total1 = float64(-0.0 if n1 > 0 else 0.0)
        rest1 = float64(0.0)
        for block in range(0, n1, 4096):
            end = min(block + 4096, n1)
            clear_sum(lanes1)
            for start in range(block, end, 1024):
                stop = min(start + 1024, end)
                for r in range(start, stop):
                    x1 = a0[p0 + r]
                    t1 = float64(x1 - t0)
                    t2 = float64(exp(t1))
                    a1[p1 + r] = t2
                    v1[r - start] = t2
                lanes_sum(lanes1, v1, stop - start)
            block1 = merge_sum(lanes1)
            rest1 = rest1 + lost(total1, block1)
            total1 = total1 + block1
        t3 = compensated(total1, rest1)
        for r in range(n1):
            x2 = a1[p1 + r]
            t4 = float64(x2 / t3)
            a1[p1 + r] = t4
