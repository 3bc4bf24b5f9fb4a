// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
#define ROOT(name, ...) struct name { __VA_ARGS__; } name
enum mode { MODE_ONE } mode;
ROOT(integers, unsigned char a; signed char b; unsigned long long c);
ROOT(integer_or_pointer, void *a; unsigned long long b);
ROOT(integer_or_enum, enum mode a; unsigned b);
ROOT(integer_or_array, unsigned a[1]; unsigned b);
ROOT(integer_or_struct, struct { unsigned value; } a; unsigned b);
struct declared_only { int x; } declared_only;
ROOT(pointers, struct declared_only *a; int *b; void *c);
ROOT(struct_or_union, int pad; union { unsigned x; } a; struct { unsigned x; } b);
ROOT(through_union, int pad; union { unsigned z, x; } a);
ROOT(through_pointer, int pad; struct inner_of { unsigned x; } *a);
enum same_name { SAME };
enum another_name { ONE };
enum with_name2 { WITHOUT };
enum flavour___theirs { FLAVOUR };
ROOT(enums, enum same_name a; enum another_name b; enum with_name2 c; enum { WITH } d; enum flavour___theirs e);
ROOT(floats, float a; double b; int c; float d);
typedef unsigned number_t;
typedef const number_t fixed_t;
typedef char *text_t;
ROOT(looked_through, int pad; fixed_t a; volatile number_t b; text_t c);
struct anonymous {
	int pad[2];
	struct {
		unsigned deep;
		union { struct { unsigned into; }; int narrow; };
		union { struct { unsigned between; }; int other; };
	};
	unsigned out_of;
} anonymous_;
struct named { struct { unsigned hidden; } now_named; struct { unsigned shown; } inner; } named;
ROOT(gone, unsigned left);
union root_kind { unsigned x; } root_kind;
typedef struct { int pad; unsigned x; } root_typedef_t;
root_typedef_t root_typedef;
struct root_struct { int pad; unsigned x; } root_struct;
typedef struct other_tag { int pad[2]; unsigned x; } tagged_t;
tagged_t tagged;
enum negative { MINUS = -1 };
struct three { unsigned x[3]; };
ROOT(aspects, unsigned long long a; short b; struct three c; enum negative d);
