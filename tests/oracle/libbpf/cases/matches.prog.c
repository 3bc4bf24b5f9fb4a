// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
// clang 19 only: type_matches
/* Types that match in full: names at every level, sizes, signs, lengths, every local member and enumerator. */
#include "case.h"

#define MATCHES(name, ...) \
	struct name { __VA_ARGS__; }; \
	PROGRAM void name##_matches(void *p) { ASK(type_matches(struct name)); }

// Another order, another offset, and more members do not matter.
// want main same_matches: type_matches mov = 1
MATCHES(same, int a; int b)
// want main reordered_matches: type_matches mov = 1
MATCHES(reordered, int a; int b)
// want main more_matches: type_matches mov = 1
MATCHES(more, int a)
// want main fewer_matches: type_matches mov = absent
MATCHES(fewer, int a; int b)
// As many, but not this one.
// want main renamed_matches: type_matches mov = absent
MATCHES(renamed, int a; int b)
// want main empty_matches: type_matches mov = 1
MATCHES(empty, )

// Integers: name, size and sign.
// want main int_size_matches: type_matches mov = absent
MATCHES(int_size, int a)
// want main int_sign_matches: type_matches mov = absent
MATCHES(int_sign, int a)
// The same number by another name is another: clang's `unsigned long` and GCC's `long unsigned int`.
// want built-names int_name_matches: type_matches mov = absent
// want main int_name_matches: type_matches mov = 1
MATCHES(int_name, unsigned long a)
// Typedefs and qualifiers in between do not count.
// want main through_typedef_matches: type_matches mov = 1
typedef const int inner_t;
MATCHES(through_typedef, inner_t a)
// Bit-fields are compared by type only.
// want main bits_matches: type_matches mov = 1
MATCHES(bits, int a : 3)
// want main floats_matches: type_matches mov = absent
MATCHES(floats, float a)
// want main kinds_matches: type_matches mov = absent
MATCHES(kinds, int a)

// Arrays: length and elements.
// want main array_matches: type_matches mov = 1
MATCHES(array, int a[3])
// want main array_length_matches: type_matches mov = absent
MATCHES(array_length, int a[3])
// want main array_of_matches: type_matches mov = absent
MATCHES(array_of, int a[3])
// want main rows_matches: type_matches mov = absent
MATCHES(rows, int a[2][3])

// A struct within: in full.
// want main within_matches: type_matches mov = 1
struct inner { int x; };
MATCHES(within, struct inner a)
// want main within_gone_matches: type_matches mov = absent
struct inner_gone { int x; };
MATCHES(within_gone, struct inner_gone a)
// want main within_renamed_matches: type_matches mov = absent
struct inner_name { int x; };
MATCHES(within_renamed, struct inner_name a)
// want main within_union_matches: type_matches mov = absent
struct inner_kind { int x; };
MATCHES(within_union, struct inner_kind a)
// Its flavour does not count, nor a member's.
// want main flavours_matches: type_matches mov = 1
struct inner___mine { int x___mine; };
MATCHES(flavours, struct inner___mine a___mine)

// Behind a pointer a struct counts by kind and name only.
// want main behind_matches: type_matches mov = 1
MATCHES(behind, struct inner_gone *a)
// want main behind_name_matches: type_matches mov = absent
MATCHES(behind_name, struct inner *a)
// want main behind_kind_matches: type_matches mov = absent
MATCHES(behind_kind, struct inner_kind *a)
// A declaration stands for it, on either side, if it is of the same kind.
// want main declared_there_matches: type_matches mov = 1
struct defined_here { int x; };
MATCHES(declared_there, struct defined_here *a)
// want main declared_here_matches: type_matches mov = 1
MATCHES(declared_here, struct only_declared *a)
// want main declared_both_matches: type_matches mov = 1
MATCHES(declared_both, struct nobodys *a)
// want main declared_kind_matches: type_matches mov = absent
MATCHES(declared_kind, struct now_a_union *a)
// want main declared_union_matches: type_matches mov = 1
MATCHES(declared_union, union only_declared_union *a)
// want main declared_struct_matches: type_matches mov = absent
MATCHES(declared_struct, union now_a_struct *a)
// want main declared_both_kind_matches: type_matches mov = absent
MATCHES(declared_both_kind, struct nobodys_kind *a)
// want main declared_there_kind_matches: type_matches mov = absent
struct defined_as_struct { int x; };
MATCHES(declared_there_kind, struct defined_as_struct *a)
// want main declared_there_union_matches: type_matches mov = 1; type_matches mov = absent
union defined_as_union { int x; };
union defined_as_union_too { int x; };
struct declared_there_union { union defined_as_union *a; };
struct declared_there_union_too { union defined_as_union_too *a; };
PROGRAM void declared_there_union_matches(void *p)
{
	ASK(type_matches(struct declared_there_union));
	ASK(type_matches(struct declared_there_union_too));
}
// Integers, enumerations and arrays behind pointers still count in full.
// want main behind_int_matches: type_matches mov = absent
MATCHES(behind_int, int *a)
// want main behind_enum_matches: type_matches mov = absent
enum behind_values { BEHIND_ONE, BEHIND_TWO };
MATCHES(behind_enum, enum behind_values *a)
// want main behind_array_matches: type_matches mov = absent
MATCHES(behind_array, int (*a)[3])
// want main behind_two_matches: type_matches mov = 1
MATCHES(behind_two, struct inner_gone **a)
// want main behind_void_matches: type_matches mov = 1
MATCHES(behind_void, void *a)
// want main void_or_int_matches: type_matches mov = absent
MATCHES(void_or_int, void *a)
// want main pointer_or_int_matches: type_matches mov = absent
MATCHES(pointer_or_int, void *a)

// Prototypes: number, arguments, result; behind their pointer a struct counts by name.
// want main function_matches: type_matches mov = 1
MATCHES(function, int (*a)(int, struct inner_gone *))
// want main function_count_matches: type_matches mov = absent
MATCHES(function_count, int (*a)(int, int))
// want main function_argument_matches: type_matches mov = absent
MATCHES(function_argument, int (*a)(int))
// want main function_result_matches: type_matches mov = absent
MATCHES(function_result, int (*a)(int))
// want main function_by_value_matches: type_matches mov = 1
MATCHES(function_by_value, int (*a)(struct inner_gone))

// Anonymous members: one by one, by the empty name, each in full.
// want main anonymous_matches: type_matches mov = 1
MATCHES(anonymous, int a; struct { int b; }; union { int c; int d; })
// want main anonymous_gone_matches: type_matches mov = absent
MATCHES(anonymous_gone, struct { int a; })
// want main anonymous_any_matches: type_matches mov = 1
MATCHES(anonymous_any, struct { int b; })

// More of one name than the target has, though each finds it.
// want main more_of_a_name: type_matches mov = absent; type_matches mov = absent
struct two_unnamed { struct { int a; }; struct { int b; }; };
enum two_flavours { FLAVOUR___a, FLAVOUR___b };
PROGRAM void more_of_a_name(void *p) { ASK(type_matches(struct two_unnamed)); ASK(type_matches(enum two_flavours)); }

// Unions.
// want main unions: type_matches mov = 1; type_matches mov = absent
union both { int a; char b; };
union less { int a; char b; };
PROGRAM void unions(void *p) { ASK(type_matches(union both)); ASK(type_matches(union less)); }

// Enumerations: size and every local enumerator by name; values do not count.
// want main enums: type_matches mov = 1; type_matches mov = absent; type_matches mov = absent; type_matches mov = 1; type_matches mov = absent
enum values { VALUE_ONE = 1, VALUE_TWO = 2 };
enum fewer_values { FEWER_ONE, FEWER_TWO };
enum other_values { OTHER_ONE, OTHER_TWO };
enum flavoured_values { FLAVOURED___mine };
enum wide_values { WIDE_VALUE };
PROGRAM void enums(void *p)
{
	ASK(type_matches(enum values));
	ASK(type_matches(enum fewer_values));
	ASK(type_matches(enum other_values));
	ASK(type_matches(enum flavoured_values));
	ASK(type_matches(enum wide_values));
}

// An enumeration of 64 bits and one of 32 that says it has 8 bytes.
// want built-names enum_kinds: type_matches mov = 1
// want main enum_kinds: type_matches mov = 1
enum eight_bytes { EIGHT_BYTES = 0x100000000 };
PROGRAM void enum_kinds(void *p) { ASK(type_matches(enum eight_bytes)); }

// Typedefs: by what stands behind them, whose names count too.
// want main typedefs: type_matches mov = 1; type_matches mov = absent; type_matches mov = 1
typedef struct inner plain_t;
typedef struct inner other_struct_t;
typedef struct { int x; } unnamed_t;
PROGRAM void typedefs(void *p)
{
	ASK(type_matches(plain_t));
	ASK(type_matches(other_struct_t));
	ASK(type_matches(unnamed_t));
}

// Structs within structs are followed through 32 levels; one more is an error, if all above match.
// want main levels: type_matches mov = 1; type_matches mov = error match
#define LEVEL(name, of) struct name { of m; };
LEVEL(l1, int) LEVEL(l2, struct l1) LEVEL(l3, struct l2) LEVEL(l4, struct l3) LEVEL(l5, struct l4) LEVEL(l6, struct l5)
LEVEL(l7, struct l6) LEVEL(l8, struct l7) LEVEL(l9, struct l8) LEVEL(l10, struct l9) LEVEL(l11, struct l10)
LEVEL(l12, struct l11) LEVEL(l13, struct l12) LEVEL(l14, struct l13) LEVEL(l15, struct l14) LEVEL(l16, struct l15)
LEVEL(l17, struct l16) LEVEL(l18, struct l17) LEVEL(l19, struct l18) LEVEL(l20, struct l19) LEVEL(l21, struct l20)
LEVEL(l22, struct l21) LEVEL(l23, struct l22) LEVEL(l24, struct l23) LEVEL(l25, struct l24) LEVEL(l26, struct l25)
LEVEL(l27, struct l26) LEVEL(l28, struct l27) LEVEL(l29, struct l28) LEVEL(l30, struct l29) LEVEL(l31, struct l30)
LEVEL(l32, struct l31)
PROGRAM void levels(void *p) { ASK(type_matches(struct l31)); ASK(type_matches(struct l32)); }

// Pointers in a row: 31 and the end, not 32.
// want main stars: type_matches mov = 1; type_matches mov = error match
#define STARS4 ****
#define STARS28 STARS4 STARS4 STARS4 STARS4 STARS4 STARS4 STARS4
struct stars31 { int STARS28 *** a; };
struct stars32 { int STARS28 STARS4 a; };
PROGRAM void stars(void *p) { ASK(type_matches(struct stars31)); ASK(type_matches(struct stars32)); }
