"""LLVM text: the arrays of a run, and the pointers that calls need.

A run takes the pointers of arrays that are there, makes the arrays of results, and lays
temporaries out in one more array. All pointers stand at the start of the run's frame:
those of inputs, of new arrays, of temporaries.
"""

from __future__ import annotations

TEXT = """
declare ptr @PyList_GetItem(ptr, i64)
declare i32 @PyList_SetItem(ptr, i64, ptr)
declare i32 @PyList_Append(ptr, ptr)
declare void @Py_IncRef(ptr)
declare ptr @PyContext_Copy(ptr)
declare i32 @PyContext_Enter(ptr)
declare i32 @PyContext_Exit(ptr)

; Pointers of the arrays that are in the table already, and moved where that is said.
define internal i32 @take_inputs(ptr %plan, ptr %frame, ptr %table, ptr %moves) {
start:
  %count = call i64 @field(ptr %plan, i64 $inputs)
  %slots = call ptr @place(ptr %plan, i64 $inputs_at)
  %data = call i64 @field(ptr %plan, i64 $data)
  %nothing = call i64 @field(ptr %plan, i64 $none)
  %still = icmp eq ptr %moves, null
  br label %look
look:
  %k = phi i64 [ 0, %start ], [ %after, %put ]
  %more = icmp ult i64 %k, %count
  br i1 %more, label %get, label %done
get:
  %slot.at = getelementptr i64, ptr %slots, i64 %k
  %slot = load i64, ptr %slot.at
  %array = call ptr @PyList_GetItem(ptr %table, i64 %slot)
  %absent = icmp eq ptr %array, null
  br i1 %absent, label %fail, label %check
check:
  %number = ptrtoint ptr %array to i64
  %is.none = icmp eq i64 %number, %nothing
  br i1 %is.none, label %wrong, label %take
take:
  %data.at = getelementptr i8, ptr %array, i64 %data
  %pointer = load ptr, ptr %data.at
  br i1 %still, label %put, label %move
move:
  %move.at = getelementptr i64, ptr %moves, i64 %slot
  %bytes = load i64, ptr %move.at
  %moved = getelementptr i8, ptr %pointer, i64 %bytes
  br label %put
put:
  %found = phi ptr [ %pointer, %take ], [ %moved, %move ]
  %to = getelementptr ptr, ptr %frame, i64 %k
  store ptr %found, ptr %to
  %after = add i64 %k, 1
  br label %look
done:
  ret i32 0
wrong:
  call i32 @PyErr_BadArgument()
  br label %fail
fail:
  ret i32 -1
}

; New arrays, in a copy of the context that has our allocator: a context can only be
; entered once, and copying one costs nothing.
define internal i32 @make_fresh(ptr %plan, ptr %frame, ptr %table, ptr %context) {
  %count = call i64 @field(ptr %plan, i64 $fresh)
  %any = icmp ne i64 %count, 0
  br i1 %any, label %copy, label %nothing
copy:
  %own = call ptr @PyContext_Copy(ptr %context)
  %absent = icmp eq ptr %own, null
  br i1 %absent, label %fail, label %enter
enter:
  %entered = call i32 @PyContext_Enter(ptr %own)
  %outside = icmp ne i32 %entered, 0
  br i1 %outside, label %drop, label %make
make:
  %status = call i32 @make_arrays(ptr %plan, ptr %frame, ptr %table)
  call i32 @PyContext_Exit(ptr %own)
  call void @Py_DecRef(ptr %own)
  ret i32 %status
drop:
  call void @Py_DecRef(ptr %own)
  br label %fail
nothing:
  ret i32 0
fail:
  ret i32 -1
}

; A new array is described by its slot (-1: it is appended), its dtype, its number of
; axes and the place of their extents. The last one holds the temporaries, if there are
; any.
define internal i32 @make_arrays(ptr %plan, ptr %frame, ptr %table) {
start:
  %count = call i64 @field(ptr %plan, i64 $fresh)
  %first = call ptr @place(ptr %plan, i64 $fresh_at)
  %inputs = call i64 @field(ptr %plan, i64 $inputs)
  %type.number = call i64 @field(ptr %plan, i64 $array_type)
  %type = inttoptr i64 %type.number to ptr
  %make.number = call i64 @field(ptr %plan, i64 $new_array)
  %make = inttoptr i64 %make.number to ptr
  %data = call i64 @field(ptr %plan, i64 $data)
  br label %look
look:
  %k = phi i64 [ 0, %start ], [ %after, %kept ]
  %base = phi ptr [ null, %start ], [ %pointer, %kept ]
  %more = icmp ult i64 %k, %count
  br i1 %more, label %new, label %temporaries
new:
  %one = getelementptr [4 x i64], ptr %first, i64 %k
  %slot = load i64, ptr %one
  %dtype.at = getelementptr i64, ptr %one, i64 1
  %dtype = load ptr, ptr %dtype.at
  %rank.at = getelementptr i64, ptr %one, i64 2
  %rank = load i64, ptr %rank.at
  %axes = trunc i64 %rank to i32
  %extents.at = getelementptr i64, ptr %one, i64 3
  %offset = load i64, ptr %extents.at
  %extents = getelementptr i8, ptr %plan, i64 %offset
  call void @Py_IncRef(ptr %dtype)
  %array = call ptr %make(ptr %type, ptr %dtype, i32 %axes, ptr %extents, ptr null,
                          ptr null, i32 0, ptr null)
  %absent = icmp eq ptr %array, null
  br i1 %absent, label %fail, label %keep
keep:
  %data.at = getelementptr i8, ptr %array, i64 %data
  %pointer = load ptr, ptr %data.at
  %number = add i64 %inputs, %k
  %to = getelementptr ptr, ptr %frame, i64 %number
  store ptr %pointer, ptr %to
  %after = add i64 %k, 1
  %last = icmp eq i64 %slot, -1
  br i1 %last, label %append, label %set
append:
  %appended = call i32 @PyList_Append(ptr %table, ptr %array)
  call void @Py_DecRef(ptr %array)
  br label %check
set:
  %put = call i32 @PyList_SetItem(ptr %table, i64 %slot, ptr %array)
  br label %check
check:
  %status = phi i32 [ %appended, %append ], [ %put, %set ]
  %outside = icmp ne i32 %status, 0
  br i1 %outside, label %fail, label %kept
kept:
  br label %look
temporaries:
  %number.next = add i64 %inputs, %count
  %rest = getelementptr ptr, ptr %frame, i64 %number.next
  call void @place_temporaries(ptr %plan, ptr %rest, ptr %base)
  ret i32 0
fail:
  ret i32 -1
}

define internal void @place_temporaries(ptr %plan, ptr %pointers, ptr %base) {
start:
  %count = call i64 @field(ptr %plan, i64 $temporaries)
  %offsets = call ptr @place(ptr %plan, i64 $temporaries_at)
  br label %look
look:
  %k = phi i64 [ 0, %start ], [ %after, %put ]
  %more = icmp ult i64 %k, %count
  br i1 %more, label %put, label %done
put:
  %offset.at = getelementptr i64, ptr %offsets, i64 %k
  %offset = load i64, ptr %offset.at
  %pointer = getelementptr i8, ptr %base, i64 %offset
  %to = getelementptr ptr, ptr %pointers, i64 %k
  store ptr %pointer, ptr %to
  %after = add i64 %k, 1
  br label %look
done:
  ret void
}
"""
