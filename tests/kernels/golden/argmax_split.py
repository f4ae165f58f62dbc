@numba.jit(
    'void(CPointer(float32), CPointer(int64), int64, int64, int64, int64, int64, '
    'CPointer(float32), CPointer(int64), CPointer(int64), int64, int64, int64)',
    nogil=True, error_model='numpy',
)  # and no two arguments overlap (noalias)
def argmax_float32_split(
    a0, a1, n0, n1, o0, d0_0, o1, partial0, place0, result0, phase, lo, hi,
):
    lanes0 = stack(float32, 32)
    blocks = (n1 + 4095) // 4096
    if phase == 0:
        for piece in range(lo, hi):
            unit = piece // blocks
            block = piece % blocks * 4096
            end = min(block + 4096, n1)
            i0 = unit
            p0 = o0 + i0 * d0_0
            p1 = o1 + i0
            best0 = float32(0)
            t0 = -1
            for start in range(block, end, 1024):
                stop = min(start + 1024, end)
                clear_max(lanes0)
                lanes_max_ahead(lanes0, at(a0, p0 + start), stop - start)
                new0 = merge_max(lanes0)
                if t0 < 0 or new0 > best0 or (new0 != new0 and best0 == best0):
                    best0 = new0
                    t0 = start + first_of(at(a0, p0 + start), stop - start, new0)
            partial0[piece] = best0
            place0[piece] = t0
    if phase == 1:
        for unit in range(lo, hi):
            best0 = float32(0)
            t0 = -1
            for piece in range(unit * blocks, (unit + 1) * blocks):
                new0 = partial0[piece]
                if t0 < 0 or new0 > best0 or (new0 != new0 and best0 == best0):
                    best0 = new0
                    t0 = place0[piece]
            result0[unit] = t0
    if phase == 2:
        for unit in range(lo, hi):
            i0 = unit
            p0 = o0 + i0 * d0_0
            p1 = o1 + i0
            t0 = result0[unit]
            a1[p1] = t0
