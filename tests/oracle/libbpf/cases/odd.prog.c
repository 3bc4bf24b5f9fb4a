// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Records that no compiler writes, or none any more. */
#include "case.h"

// An integer with an offset of its own goes with none; one with fewer bits does.
// want built-odd old_bits: field_exists mov = absent; field_exists mov = 1; byte_sz mov = 4; type_exists mov = absent
struct old_bits { int shifted; int narrow; } MOVES;
typedef int old_int_t;
PROGRAM void old_bits(struct old_bits *p)
{
	ASK(exists(p->shifted));
	ASK(exists(p->narrow));
	ASK(byte_sz(p->narrow));
	ASK(type_exists(old_int_t));
}

// want built-odd flag_only: byte_off ldx4 = 4; byte_sz mov = 4
struct flag_only { int x; } MOVES;
PROGRAM void flag_only(struct flag_only *p) { ASK(p->x); ASK(byte_sz(p->x)); }

/*
 * The first member of that name is of a kind that does not fit, inside an anonymous struct: the search goes on, and finds
 * the one after it, but has not taken back the step into the first: 8 bytes too far, and a step too many in the walk.
 */
// want built-odd name_twice: field_exists mov = 1; byte_off mov = 32; byte_off ldx4 = 32
struct name_twice { int x; } MOVES;
PROGRAM void name_twice(struct name_twice *p) { ASK(exists(p->x)); ASK(byte_off(p->x)); ASK(p->x); }

// The first of two that fit.
// want built-odd name_first: byte_off mov = 8
struct name_first { int x; } MOVES;
PROGRAM void name_first(struct name_first *p) { ASK(byte_off(p->x)); }

// want built-odd no_name: byte_off mov = 4; field_exists mov = absent
struct no_name { int x; int y; } MOVES;
PROGRAM void no_name(struct no_name *p) { ASK(byte_off(p->x)); ASK(exists(p->y)); }

// want built-odd empty: field_exists mov = absent; type_exists mov = 1; type_size mov = 0; byte_off mov = 0
struct empty { int x; } MOVES;
PROGRAM void empty(struct empty *p)
{
	ASK(exists(p->x));
	ASK(type_exists(struct empty));
	ASK(type_size(struct empty));
	ASK(byte_off(p[1]));
}

// A size of 2 GiB is taken for an error number; its type's size is not asked for.
// want built-odd huge: byte_off mov = error match; field_exists mov = error match; type_exists mov = 1; type_size mov = 2147483648
struct huge { int x; } MOVES;
PROGRAM void huge(struct huge *p)
{
	ASK(byte_off(p->x));
	ASK(exists(p->x));
	ASK(type_exists(struct huge));
	ASK(type_size(struct huge));
}

// Offsets wrap at 32 bits.
// want built-odd large: byte_off mov = 4; byte_off mov = 3
struct large { int x; } MOVES;
PROGRAM void large(struct large *p) { ASK(byte_off(p->x)); ASK(byte_off(p[1].x)); }

// Arrays of 4 GiB less one byte, and of twice as many.
// want built-odd vast: byte_sz mov = 4294967295; byte_off mov = 4; byte_sz mov = error other; byte_off mov = error other; field_exists mov = 1
struct vast { u8 a[4]; u8 b[4][4]; } MOVES;
PROGRAM void vast(struct vast *p)
{
	ASK(byte_sz(p->a));
	ASK(byte_off(p->a));
	ASK(byte_sz(p->b));
	ASK(byte_off(p->b));
	ASK(exists(p->b));
}

// want built-odd sizes: byte_off ldx4 = error patch; byte_off ldx1>4 = 8; byte_off ldx1>2 = 12; byte_sz mov = 3
struct sizes { u32 three; _Bool flag; u8 letter; } MOVES;
PROGRAM void sizes(struct sizes *p)
{
	ASK(p->three);
	ASK(p->flag);
	ASK(p->letter);
	ASK(byte_sz(p->three));
}

// want built-odd signs: signed mov = 1; signed mov = 0; byte_sz mov = 1; enumval_value imm64 = -1; byte_off ldx4 = width
enum flagged { FLAGGED };
enum unflagged { UNFLAGGED };
enum byte_sized { BYTE_SIZED };
struct signs { enum flagged a; enum unflagged b; enum byte_sized c; } MOVES;
PROGRAM void signs(struct signs *p)
{
	ASK(is_signed(p->a));
	ASK(is_signed(p->b));
	ASK(byte_sz(p->c));
	ASK(value_of(enum unflagged, UNFLAGGED));
	ASK(p->c);
}

// want built-odd no_values: enumval_exists imm64 = absent; type_exists mov = 1
enum no_values { NO_VALUES };
PROGRAM void no_values(void *p) { ASK(value_exists(enum no_values, NO_VALUES)); ASK(type_exists(enum no_values)); }

// A member that is only declared is of no kind that goes with another.
// want built-odd with_declared: field_exists mov = absent; field_exists mov = absent
struct with_declared { int x; struct { int z; } y; } MOVES;
PROGRAM void with_declared(struct with_declared *p) { ASK(exists(p->x)); ASK(exists(p->y)); }

// want built-odd with_tags: byte_off ldx4 = 4
struct with_tags { int x; } MOVES;
PROGRAM void with_tags(struct with_tags *p) { ASK(p->x); }

// A bit-field wider than its type, and one whose type has three bytes: loads grow from there by doubling.
// want built-odd wide_bits: byte_off mov = 0; byte_sz mov = 4; lshift_u64 mov = 40; byte_off mov = 0; byte_sz mov = 12
struct wide_bits { u32 x : 3, y : 3; } MOVES;
PROGRAM void wide_bits(struct wide_bits *p)
{
	ASK(byte_off(p->x));
	ASK(byte_sz(p->x));
	ASK(lshift(p->x));
	ASK(byte_off(p->y));
	ASK(byte_sz(p->y));
}
