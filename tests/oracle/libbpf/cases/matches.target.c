// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
#define HAS(name, ...) struct name { __VA_ARGS__; } the_##name
HAS(same, int a; int b);
HAS(reordered, long pad; int b; int a);
HAS(more, int b; int a);
HAS(fewer, int a);
HAS(renamed, int a; int c);
HAS(empty, int a);
HAS(int_size, short a);
HAS(int_sign, unsigned a);
HAS(int_name, unsigned long a);
typedef int number_t;
typedef volatile number_t between_t;
HAS(through_typedef, between_t a);
HAS(bits, int a : 5; int b : 1);
HAS(floats, float a);
HAS(kinds, int *a);
HAS(array, int a[3]);
HAS(array_length, int a[4]);
HAS(array_of, unsigned a[3]);
HAS(rows, int a[2][4]);
struct inner { int y, x; } inner;
HAS(within, struct inner a);
struct inner_gone { int y; } inner_gone;
HAS(within_gone, struct inner_gone a);
struct inner_other { int x; };
HAS(within_renamed, struct inner_other a);
union inner_kind { int x; };
HAS(within_union, union inner_kind a);
struct inner___theirs { int x___theirs; };
HAS(flavours, struct inner___theirs a___theirs);
HAS(behind, struct inner_gone *a);
HAS(behind_name, struct inner_gone *a);
HAS(behind_kind, union inner_kind *a);
HAS(declared_there, struct defined_here *a);
struct only_declared { int x; } only_declared;
HAS(declared_here, struct only_declared *a);
HAS(declared_both, struct nobodys *a);
union only_declared_union { int x; } only_declared_union;
union now_a_union { int x; } now_a_union;
HAS(declared_kind, union now_a_union *a);
HAS(declared_union, union only_declared_union *a);
struct now_a_struct { int x; } now_a_struct;
HAS(declared_struct, struct now_a_struct *a);
HAS(declared_both_kind, union nobodys_kind *a);
HAS(declared_there_kind, union defined_as_struct *a);
HAS(declared_there_union, union defined_as_union *a);
HAS(declared_there_union_too, struct defined_as_union_too *a);
HAS(behind_int, unsigned *a);
enum behind_values { BEHIND_ONE };
HAS(behind_enum, enum behind_values *a);
HAS(behind_array, int (*a)[4]);
HAS(behind_two, struct inner_gone **a);
HAS(behind_void, void *a);
HAS(void_or_int, int *a);
HAS(pointer_or_int, unsigned long a);
HAS(function, int (*a)(int, struct inner_gone *));
HAS(function_count, int (*a)(int));
HAS(function_argument, int (*a)(unsigned));
HAS(function_result, void (*a)(int));
HAS(function_by_value, int (*a)(struct inner_gone));
HAS(anonymous, union { int d; int c; }; struct { long e; int b; }; int a);
HAS(anonymous_gone, int a);
HAS(anonymous_any, struct { int a; }; struct { int b; });
HAS(two_unnamed, struct { int a; int b; });
enum two_flavours { FLAVOUR } two_flavours;
union both { char b; int a; } both;
union less { int a; } less;
enum values { VALUE_ZERO, VALUE_TWO, VALUE_ONE } values;
enum fewer_values { FEWER_ONE } fewer_values;
enum other_values { OTHER_ONE, ANOTHER_TWO } other_values;
enum flavoured_values { FLAVOURED___theirs } flavoured_values;
enum wide_values { WIDE_VALUE, WIDER_VALUE = 0x100000000 } wide_values;
enum eight_bytes { EIGHT_BYTES = 0x200000000, MORE_BYTES } eight_bytes;
typedef struct inner plain_t;
plain_t plain;
typedef struct inner_other other_struct_t;
other_struct_t other_struct;
typedef struct { int x; } unnamed_t;
unnamed_t unnamed;
#define LEVEL(name, of) struct name { of m; } the_##name;
LEVEL(l1, int) LEVEL(l2, struct l1) LEVEL(l3, struct l2) LEVEL(l4, struct l3) LEVEL(l5, struct l4) LEVEL(l6, struct l5)
LEVEL(l7, struct l6) LEVEL(l8, struct l7) LEVEL(l9, struct l8) LEVEL(l10, struct l9) LEVEL(l11, struct l10)
LEVEL(l12, struct l11) LEVEL(l13, struct l12) LEVEL(l14, struct l13) LEVEL(l15, struct l14) LEVEL(l16, struct l15)
LEVEL(l17, struct l16) LEVEL(l18, struct l17) LEVEL(l19, struct l18) LEVEL(l20, struct l19) LEVEL(l21, struct l20)
LEVEL(l22, struct l21) LEVEL(l23, struct l22) LEVEL(l24, struct l23) LEVEL(l25, struct l24) LEVEL(l26, struct l25)
LEVEL(l27, struct l26) LEVEL(l28, struct l27) LEVEL(l29, struct l28) LEVEL(l30, struct l29) LEVEL(l31, struct l30)
LEVEL(l32, struct l31)
#define STARS4 ****
#define STARS28 STARS4 STARS4 STARS4 STARS4 STARS4 STARS4 STARS4
HAS(stars31, int STARS28 *** a);
HAS(stars32, int STARS28 STARS4 a);
