// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Which member may stand for which: by name, by kind, through anonymous structs and unions. */
#include "case.h"

#define ROOT(name, ...) struct name { __VA_ARGS__; } MOVES

// Size and sign of integers do not count.
// want main integers: field_exists mov = 1; field_exists mov = 1; field_exists mov = 1
ROOT(integers, s32 a; u64 b; char c);
PROGRAM void integers(struct integers *p) { ASK(exists(p->a)); ASK(exists(p->b)); ASK(exists(p->c)); }

// want main integer_or_pointer: field_exists mov = absent; byte_off mov = poison; field_exists mov = absent
ROOT(integer_or_pointer, u64 a; void *b);
PROGRAM void integer_or_pointer(struct integer_or_pointer *p)
{
	ASK(exists(p->a));
	ASK(byte_off(p->a));
	ASK(exists(p->b));
}

// want main integer_or_enum: field_exists mov = absent; field_exists mov = absent
enum mode { MODE_ONE };
ROOT(integer_or_enum, u32 a; enum mode b);
PROGRAM void integer_or_enum(struct integer_or_enum *p) { ASK(exists(p->a)); ASK(exists(p->b)); }

// want main integer_or_array: field_exists mov = absent; field_exists mov = absent
ROOT(integer_or_array, u32 a; u32 b[2]);
PROGRAM void integer_or_array(struct integer_or_array *p) { ASK(exists(p->a)); ASK(exists(p->b)); }

// want main integer_or_struct: field_exists mov = absent; field_exists mov = absent
ROOT(integer_or_struct, u32 a; struct { u32 value; } b);
PROGRAM void integer_or_struct(struct integer_or_struct *p) { ASK(exists(p->a)); ASK(exists(p->b)); }

// Any pointers: to whatever.
// want main pointers: field_exists mov = 1; field_exists mov = 1; field_exists mov = 1
struct declared_only;
ROOT(pointers, int *a; struct declared_only *b; void (*c)(int));
PROGRAM void pointers(struct pointers *p) { ASK(exists(p->a)); ASK(exists(p->b)); ASK(exists(p->c)); }

// want main struct_or_union: byte_off mov = 4; byte_off mov = 8
ROOT(struct_or_union, struct { u32 x; } a; union { u32 x; } b);
PROGRAM void struct_or_union(struct struct_or_union *p) { ASK(byte_off(p->a)); ASK(byte_off(p->b)); }

// A step through what became a union.
// want main through_union: byte_off mov = 4; byte_off mov = poison
ROOT(through_union, struct { u32 x, y; } a);
PROGRAM void through_union(struct through_union *p) { ASK(byte_off(p->a.x)); ASK(byte_off(p->a.y)); }

// A step through what became a pointer.
// want main through_pointer: field_exists mov = absent; byte_off mov = poison
ROOT(through_pointer, struct { u32 x; } a);
PROGRAM void through_pointer(struct through_pointer *p) { ASK(exists(p->a.x)); ASK(byte_off(p->a)); }

// Enumerations by essential name, or one of them without one.
// want main enums: field_exists mov = 1; field_exists mov = absent; field_exists mov = 1; field_exists mov = 1; field_exists mov = 1
enum same_name { SAME };
enum one_name { ONE };
enum with_name { WITH };
enum flavour___mine { FLAVOUR };
ROOT(enums, enum same_name a; enum one_name b; enum { WITHOUT } c; enum with_name d; enum flavour___mine e);
PROGRAM void enums(struct enums *p)
{
	ASK(exists(p->a));
	ASK(exists(p->b));
	ASK(exists(p->c));
	ASK(exists(p->d));
	ASK(exists(p->e));
}

// want main floats: field_exists mov = 1; field_exists mov = 1; field_exists mov = absent; field_exists mov = absent; byte_sz mov = 8
ROOT(floats, float a; float b; float c; u32 d);
PROGRAM void floats(struct floats *p)
{
	ASK(exists(p->a));
	ASK(exists(p->b));
	ASK(exists(p->c));
	ASK(exists(p->d));
	ASK(byte_sz(p->b));
}

// Typedefs and qualifiers are looked through, on both sides.
// want main looked_through: byte_off mov = 4; byte_off mov = 8; byte_off mov = 16
typedef const volatile u32 stern;
typedef stern sterner;
typedef int *to_int;
ROOT(looked_through, sterner a; u32 b; const to_int c);
PROGRAM void looked_through(struct looked_through *p)
{
	ASK(byte_off(p->a));
	ASK(byte_off(p->b));
	ASK(byte_off(p->c));
}

// Into, out of and between anonymous structs and unions.
// want main anonymous: byte_off mov = 12; byte_off mov = 20; byte_off mov = 16; byte_off mov = 8
struct anonymous {
	u32 into;
	struct {
		u32 out_of;
		union {
			u32 between;
			struct { u32 deep; };
		};
	};
} MOVES;
PROGRAM void anonymous(struct anonymous *p)
{
	ASK(byte_off(p->into));
	ASK(byte_off(p->out_of));
	ASK(byte_off(p->between));
	ASK(byte_off(p->deep));
}

// A named struct is not searched for what was anonymous.
// want main named: field_exists mov = absent; byte_off mov = 4
struct named {
	struct { u32 hidden; };
	struct { u32 shown; } inner;
} MOVES;
PROGRAM void named(struct named *p) { ASK(exists(p->hidden)); ASK(byte_off(p->inner.shown)); }

// want main gone: field_exists mov = absent; byte_off mov = poison; byte_sz mov = poison; signed mov = poison
ROOT(gone, u32 left; u32 right);
PROGRAM void gone(struct gone *p)
{
	ASK(exists(p->right));
	ASK(byte_off(p->right));
	ASK(byte_sz(p->right));
	ASK(is_signed(p->right));
}

// No such type at all.
// want main nowhere: field_exists mov = absent; byte_off mov = poison; type_exists mov = absent; type_size mov = absent; target_type_id imm64 = absent
ROOT(nowhere, u32 x);
PROGRAM void nowhere(struct nowhere *p)
{
	ASK(exists(p->x));
	ASK(byte_off(p->x));
	ASK(type_exists(struct nowhere));
	ASK(type_size(struct nowhere));
	ASK(type_id_target(struct nowhere));
}

// A root that became a union is another type.
// want main root_kind: byte_off mov = poison; type_exists mov = absent
ROOT(root_kind, u32 x);
PROGRAM void root_kind(struct root_kind *p) { ASK(byte_off(p->x)); ASK(type_exists(struct root_kind)); }

// A typedef as root finds typedefs only; what it stands for may be anonymous.
// want main root_typedef: byte_off mov = 4; byte_off mov = poison; byte_off mov = 8
typedef struct { u32 x; } MOVES root_typedef_t;
typedef struct { u32 x; } MOVES root_struct;
typedef struct tagged { u32 x; } MOVES tagged_t;
PROGRAM void root_typedef(root_typedef_t *p, root_struct *q, tagged_t *r)
{
	ASK(byte_off(p->x));
	ASK(byte_off(q->x));
	ASK(byte_off(r->x));
}

// What is asked besides: size, sign.
// want main aspects: byte_sz mov = 8; signed mov = 0; byte_sz mov = 2; signed mov = 1; byte_sz mov = 12; signed mov = 1
enum negative { MINUS = -1 };
struct three { u32 x[3]; };
ROOT(aspects, s32 a; u32 b; struct three c; enum negative d);
PROGRAM void aspects(struct aspects *p)
{
	ASK(byte_sz(p->a));
	ASK(is_signed(p->a));
	ASK(byte_sz(p->b));
	ASK(is_signed(p->b));
	ASK(byte_sz(p->c));
	ASK(is_signed(p->d));
}
