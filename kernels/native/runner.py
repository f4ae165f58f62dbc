"""LLVM text: the loop that runs the rows of a plan.

``engine_run`` is a built-in function of Python, ``run(table, scalars)``; what it is
bound to is a tuple of the segment (`table.pack` makes its bytes) and of the context in
which arrays come from our allocator. It makes the new arrays, puts them into the table,
fills a frame of its own with pointers and words, releases the GIL if the work is worth
it, and makes the calls. It keeps nothing between runs, so that any number of threads
may run one segment at once.

``engine_straight`` is the same for a segment that is all of a flush (`table.Ends`),
called by `flushing`: ``table`` is a list of the leaves' arrays, to which new ones are
appended; ``given`` are the scalars, and by how many bytes the memory of each leaf is
moved, or null (see `frames`). It never runs code of Python's, and makes nothing that
the collector tracks.

An error before the first call (no memory, a scalar that does not fit) raises, and
nothing has been computed. A call that gives a status ends the run; the result is how
many calls were made before it.
"""

from __future__ import annotations

from string import Template

from .arrays import TEXT

FORMATS = ("d", "f4x", "q", "Q", "?7x", "real d", "imag d", "real f4x", "imag f4x")
"""How a scalar, or a part of it, is packed (as `struct` does) in a word; its place here
is the number used below."""

_PARTS = {"dd": ("real d", "imag d"), "f4xf4x": ("real f4x", "imag f4x")}


def words_of(form: str) -> tuple[str, ...]:
    """The formats of the words of a scalar: two of a complex number.

    Examples
    --------
    >>> words_of("d"), words_of("dd")
    (('d',), ('real d', 'imag d'))
    """
    return _PARTS.get(form, (form,))


FIELDS = (
    "calls",
    "calls_at",
    "template_size",
    "template_at",
    "patches",
    "patches_at",
    "scalars",
    "scalars_at",
    "inputs",
    "inputs_at",
    "fresh",
    "fresh_at",
    "temporaries",
    "temporaries_at",
    "words_at",
    "frame_size",
    "release",
    "threads",
    "pool",
    "share",
    "array_type",
    "new_array",
    "data",
    "none",
    "context",
    "results",
    "results_at",
    "launches",
    "helpers",
    "overwrites",
    "straight",
)
"""Words at the head of a segment, in order. Places are bytes from its start; that of
the words is from the start of the frame, which begins with all pointers."""

_TEXT = """
declare ptr @PyTuple_GetItem(ptr, i64)
declare ptr @PyBytes_AsString(ptr)
declare ptr @PySequence_GetItem(ptr, i64)
declare void @Py_DecRef(ptr)
declare ptr @PyEval_SaveThread()
declare void @PyEval_RestoreThread(ptr)
declare double @PyFloat_AsDouble(ptr)
declare i64 @PyLong_AsLongLong(ptr)
declare i64 @PyLong_AsUnsignedLongLong(ptr)
declare ptr @PyLong_FromLongLong(i64)
declare ptr @PyNumber_Index(ptr)
declare i32 @PyObject_IsTrue(ptr)
declare ptr @PyObject_GetAttrString(ptr, ptr)
declare ptr @PyErr_Occurred()
declare ptr @PyErr_NoMemory()
declare i32 @PyErr_BadArgument()
declare ptr @malloc(i64)
declare void @free(ptr)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)

; A word at the head of the segment, and the table that stands where it says.
define internal i64 @field(ptr %plan, i64 %number) {
  %at = getelementptr i64, ptr %plan, i64 %number
  %value = load i64, ptr %at
  ret i64 %value
}

define internal ptr @place(ptr %plan, i64 %number) {
  %offset = call i64 @field(ptr %plan, i64 %number)
  %at = getelementptr i8, ptr %plan, i64 %offset
  ret ptr %at
}

define ptr @engine_run(ptr %self, ptr %arguments, i64 %count) {
  %right = icmp eq i64 %count, 2
  br i1 %right, label %open, label %wrong
open:
  %bytes = call ptr @PyTuple_GetItem(ptr %self, i64 0)
  %plan = call ptr @PyBytes_AsString(ptr %bytes)
  %context = call ptr @PyTuple_GetItem(ptr %self, i64 1)
  %table = load ptr, ptr %arguments
  %scalars.at = getelementptr ptr, ptr %arguments, i64 1
  %scalars = load ptr, ptr %scalars.at
  %size = call i64 @field(ptr %plan, i64 $frame_size)
  %frame = call ptr @malloc(i64 %size)
  %none = icmp eq ptr %frame, null
  br i1 %none, label %full, label %inputs
inputs:
  %input = call i32 @take_inputs(ptr %plan, ptr %frame, ptr %table, ptr null)
  %input.bad = icmp ne i32 %input, 0
  br i1 %input.bad, label %fail, label %fresh
fresh:
  %made = call i32 @make_fresh(ptr %plan, ptr %frame, ptr %table, ptr %context)
  %made.bad = icmp ne i32 %made, 0
  br i1 %made.bad, label %fail, label %words
words:
  call void @fill_words(ptr %plan, ptr %frame)
  %filled = call i32 @fill_scalars(ptr %plan, ptr %frame, ptr %scalars)
  %filled.bad = icmp ne i32 %filled, 0
  br i1 %filled.bad, label %fail, label %run
run:
  %done = call i64 @run_calls(ptr %plan, ptr %frame)
  call void @free(ptr %frame)
  %result = call ptr @PyLong_FromLongLong(i64 %done)
  ret ptr %result
fail:
  call void @free(ptr %frame)
  ret ptr null
full:
  call ptr @PyErr_NoMemory()
  ret ptr null
wrong:
  call i32 @PyErr_BadArgument()
  ret ptr null
}

; How many calls were made; -1 where nothing has been computed, with an error set.
define i64 @engine_straight(ptr %plan, ptr %table, ptr %given) {
  %scalars = load ptr, ptr %given
  %moves.at = getelementptr ptr, ptr %given, i64 1
  %moves = load ptr, ptr %moves.at
  %size = call i64 @field(ptr %plan, i64 $frame_size)
  %frame = call ptr @malloc(i64 %size)
  %none = icmp eq ptr %frame, null
  br i1 %none, label %full, label %inputs
inputs:
  %input = call i32 @take_inputs(ptr %plan, ptr %frame, ptr %table, ptr %moves)
  %input.bad = icmp ne i32 %input, 0
  br i1 %input.bad, label %fail, label %enter
enter:
  %context.number = call i64 @field(ptr %plan, i64 $context)
  %context = inttoptr i64 %context.number to ptr
  %entered = call i32 @PyContext_Enter(ptr %context)
  %outside = icmp ne i32 %entered, 0
  br i1 %outside, label %fail, label %fresh
fresh:
  %made = call i32 @make_arrays(ptr %plan, ptr %frame, ptr %table)
  call i32 @PyContext_Exit(ptr %context)
  %made.bad = icmp ne i32 %made, 0
  br i1 %made.bad, label %fail, label %words
words:
  call void @fill_words(ptr %plan, ptr %frame)
  %filled = call i32 @fill_scalars(ptr %plan, ptr %frame, ptr %scalars)
  %filled.bad = icmp ne i32 %filled, 0
  br i1 %filled.bad, label %fail, label %run
run:
  %done = call i64 @run_calls(ptr %plan, ptr %frame)
  call void @free(ptr %frame)
  ret i64 %done
fail:
  call void @free(ptr %frame)
  ret i64 -1
full:
  call ptr @PyErr_NoMemory()
  ret i64 -1
}

; The words of all calls: a copy of the template, and the pointers in their places.
define internal void @fill_words(ptr %plan, ptr %frame) {
start:
  %offset = call i64 @field(ptr %plan, i64 $words_at)
  %words = getelementptr i8, ptr %frame, i64 %offset
  %size = call i64 @field(ptr %plan, i64 $template_size)
  %template = call ptr @place(ptr %plan, i64 $template_at)
  call void @llvm.memcpy.p0.p0.i64(ptr %words, ptr %template, i64 %size, i1 false)
  %count = call i64 @field(ptr %plan, i64 $patches)
  %patches = call ptr @place(ptr %plan, i64 $patches_at)
  br label %look
look:
  %k = phi i64 [ 0, %start ], [ %after, %put ]
  %more = icmp ult i64 %k, %count
  br i1 %more, label %put, label %done
put:
  %patch = getelementptr [2 x i64], ptr %patches, i64 %k
  %word = load i64, ptr %patch
  %number.at = getelementptr i64, ptr %patch, i64 1
  %number = load i64, ptr %number.at
  %from = getelementptr ptr, ptr %frame, i64 %number
  %pointer = load ptr, ptr %from
  %to = getelementptr ptr, ptr %words, i64 %word
  store ptr %pointer, ptr %to
  %after = add i64 %k, 1
  br label %look
done:
  ret void
}

define internal i32 @fill_scalars(ptr %plan, ptr %frame, ptr %scalars) {
start:
  %offset = call i64 @field(ptr %plan, i64 $words_at)
  %words = getelementptr i8, ptr %frame, i64 %offset
  %count = call i64 @field(ptr %plan, i64 $scalars)
  %first = call ptr @place(ptr %plan, i64 $scalars_at)
  br label %look
look:
  %k = phi i64 [ 0, %start ], [ %after, %next ]
  %more = icmp ult i64 %k, %count
  br i1 %more, label %get, label %done
get:
  %one = getelementptr [3 x i64], ptr %first, i64 %k
  %word = load i64, ptr %one
  %to = getelementptr i64, ptr %words, i64 %word
  %number.at = getelementptr i64, ptr %one, i64 1
  %number = load i64, ptr %number.at
  %format.at = getelementptr i64, ptr %one, i64 2
  %format = load i64, ptr %format.at
  %scalar = call ptr @PySequence_GetItem(ptr %scalars, i64 %number)
  %absent = icmp eq ptr %scalar, null
  br i1 %absent, label %fail, label %convert
convert:
  call void @store_scalar(ptr %scalar, i64 %format, ptr %to)
  call void @Py_DecRef(ptr %scalar)
  %error = call ptr @PyErr_Occurred()
  %wrong = icmp ne ptr %error, null
  br i1 %wrong, label %fail, label %next
next:
  %after = add i64 %k, 1
  br label %look
done:
  ret i32 0
fail:
  ret i32 -1
}

@real.name = internal constant [5 x i8] c"real\\00"
@imag.name = internal constant [5 x i8] c"imag\\00"

; Store a number of Python, or a part of it, in a format; an error is left for the
; caller to find.
define internal void @store_scalar(ptr %scalar, i64 %format, ptr %to) {
  switch i64 %format, label %truth [ i64 0, label %double
                                     i64 1, label %float
                                     i64 2, label %signed
                                     i64 3, label %index
                                     i64 5, label %part
                                     i64 6, label %part
                                     i64 7, label %part
                                     i64 8, label %part ]
double:
  %wide = call double @PyFloat_AsDouble(ptr %scalar)
  store double %wide, ptr %to
  ret void
float:
  %exact = call double @PyFloat_AsDouble(ptr %scalar)
  %narrow = fptrunc double %exact to float
  store float %narrow, ptr %to
  ret void
signed:
  %whole = call i64 @PyLong_AsLongLong(ptr %scalar)
  store i64 %whole, ptr %to
  ret void
index:
  %int = call ptr @PyNumber_Index(ptr %scalar)
  %absent = icmp eq ptr %int, null
  br i1 %absent, label %done, label %unsigned
unsigned:
  %count = call i64 @PyLong_AsUnsignedLongLong(ptr %int)
  call void @Py_DecRef(ptr %int)
  store i64 %count, ptr %to
  ret void
part:
  %odd = and i64 %format, 1
  %is.real = icmp eq i64 %odd, 1
  %name = select i1 %is.real, ptr @real.name, ptr @imag.name
  %its = call ptr @PyObject_GetAttrString(ptr %scalar, ptr %name)
  %missing = icmp eq ptr %its, null
  br i1 %missing, label %done, label %convert
convert:
  %is.single = icmp ugt i64 %format, 6
  %single = zext i1 %is.single to i64
  call void @store_scalar(ptr %its, i64 %single, ptr %to)
  call void @Py_DecRef(ptr %its)
  ret void
truth:
  %true = call i32 @PyObject_IsTrue(ptr %scalar)
  %byte = trunc i32 %true to i8
  store i8 %byte, ptr %to
  br label %done
done:
  ret void
}

; All calls, without the GIL if that is worth it; how many were made without a failure.
define internal i64 @run_calls(ptr %plan, ptr %frame) {
  %release = call i64 @field(ptr %plan, i64 $release)
  %releases = icmp ne i64 %release, 0
  br i1 %releases, label %free, label %held
free:
  %state = call ptr @PyEval_SaveThread()
  %count = call i64 @loop(ptr %plan, ptr %frame)
  call void @PyEval_RestoreThread(ptr %state)
  ret i64 %count
held:
  %same = call i64 @loop(ptr %plan, ptr %frame)
  ret i64 %same
}

; A call is an entry, the place of its words in the frame, a total, and a chunk: 0 for
; a call that is not shared.
define internal i64 @loop(ptr %plan, ptr %frame) {
start:
  %count = call i64 @field(ptr %plan, i64 $calls)
  %first = call ptr @place(ptr %plan, i64 $calls_at)
  %threads = call i64 @field(ptr %plan, i64 $threads)
  %pool.number = call i64 @field(ptr %plan, i64 $pool)
  %pool = inttoptr i64 %pool.number to ptr
  %share.number = call i64 @field(ptr %plan, i64 $share)
  %share = inttoptr i64 %share.number to ptr
  br label %look
look:
  %k = phi i64 [ 0, %start ], [ %after, %next ]
  %more = icmp ult i64 %k, %count
  br i1 %more, label %get, label %end
get:
  %one = getelementptr [4 x i64], ptr %first, i64 %k
  %entry = load ptr, ptr %one
  %place.at = getelementptr i64, ptr %one, i64 1
  %place = load i64, ptr %place.at
  %words = getelementptr i8, ptr %frame, i64 %place
  %total.at = getelementptr i64, ptr %one, i64 2
  %total = load i64, ptr %total.at
  %chunk.at = getelementptr i64, ptr %one, i64 3
  %chunk = load i64, ptr %chunk.at
  %whole = icmp eq i64 %chunk, 0
  br i1 %whole, label %alone, label %shared
alone:
  %one.status = call i32 %entry(ptr null, ptr null, ptr %words, i64 0, i64 %total)
  br label %look.status
shared:
  %all.status = call i32 %share(ptr %pool, ptr %entry, ptr %words, i64 %total,
                                i64 %chunk, i64 %threads)
  br label %look.status
look.status:
  %status = phi i32 [ %one.status, %alone ], [ %all.status, %shared ]
  %failed = icmp ne i32 %status, 0
  br i1 %failed, label %end, label %next
next:
  %after = add i64 %k, 1
  br label %look
end:
  ret i64 %k
}
"""


def text() -> str:
    """The LLVM text.

    It defines ``engine_run(self, arguments, count)`` and ``engine_straight(plan, table,
    given)``.
    """
    return Template(_TEXT + TEXT).substitute({name: k for k, name in enumerate(FIELDS)})
