// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
// clang 19 only: enumerations of 64 bits are kept as such from clang 15 on
/* Enumerators: which one it is, and its value, in enumerations of 32 and of 64 bits. */
#include "case.h"

// want main simple: enumval_exists imm64 = 1; enumval_value imm64 = 7; enumval_exists imm64 = absent; enumval_value imm64 = poison
enum simple { SIMPLE_MOVED = 1, SIMPLE_GONE = 2 };
PROGRAM void simple(void *p)
{
	ASK(value_exists(enum simple, SIMPLE_MOVED));
	ASK(value_of(enum simple, SIMPLE_MOVED));
	ASK(value_exists(enum simple, SIMPLE_GONE));
	ASK(value_of(enum simple, SIMPLE_GONE));
}

// want main no_enum: enumval_exists imm64 = absent; enumval_value imm64 = poison; type_exists mov = absent
enum no_enum { NO_ENUM = 1 };
PROGRAM void no_enum(void *p)
{
	ASK(value_exists(enum no_enum, NO_ENUM));
	ASK(value_of(enum no_enum, NO_ENUM));
	ASK(type_exists(enum no_enum));
}

// 32 bits here, 64 there, and the other way round.
// want main grows: enumval_value imm64 = 1311768467463790320; enumval_exists imm64 = 1; type_exists mov = 1; type_size mov = 8
enum grows { GROWS = 1 };
PROGRAM void grows(void *p)
{
	ASK(value_of(enum grows, GROWS));
	ASK(value_exists(enum grows, GROWS));
	ASK(type_exists(enum grows));
	ASK(type_size(enum grows));
}

// want main shrinks: enumval_value imm64 = 5; enumval_exists imm64 = 1; type_size mov = 4
enum shrinks { SHRINKS = 0x123456789abcULL };
PROGRAM void shrinks(void *p)
{
	ASK(value_of(enum shrinks, SHRINKS));
	ASK(value_exists(enum shrinks, SHRINKS));
	ASK(type_size(enum shrinks));
}

// want main wide: enumval_value imm64 = -2
enum wide { WIDE = 0xffffffff00000001ULL };
PROGRAM void wide(void *p) { ASK(value_of(enum wide, WIDE)); }

// want main negative: enumval_value imm64 = -7; enumval_value imm64 = 3
enum negative { NEGATIVE = -1, NOT_NEGATIVE = 1 };
PROGRAM void negative(void *p) { ASK(value_of(enum negative, NEGATIVE)); ASK(value_of(enum negative, NOT_NEGATIVE)); }

// want main wide_negative: enumval_value imm64 = -7
enum wide_negative { WIDE_NEGATIVE = -0x100000000LL };
PROGRAM void wide_negative(void *p) { ASK(value_of(enum wide_negative, WIDE_NEGATIVE)); }

// 0xfffffffe in 32 bits: the compiler means it unsigned, libbpf reads it signed and finds another value in the instruction.
// want main big: enumval_value imm64 = error patch; enumval_exists imm64 = 1
enum big { BIG = 0xfffffffe };
PROGRAM void big(void *p) { ASK(value_of(enum big, BIG)); ASK(value_exists(enum big, BIG)); }

// A big one in the target is patched in as if negative.
// want main becomes_big: enumval_value imm64 = -2
enum becomes_big { BECOMES_BIG = 1 };
PROGRAM void becomes_big(void *p) { ASK(value_of(enum becomes_big, BECOMES_BIG)); }

// The first of two with the same essential name.
// want main first_of_two: enumval_value imm64 = 5
enum first_of_two { TWICE = 1 };
PROGRAM void first_of_two(void *p) { ASK(value_of(enum first_of_two, TWICE)); }

// A typedef of an enumeration without a name, and of one with another.
// want main by_typedef: enumval_value imm64 = 4; enumval_value imm64 = 6; enumval_exists imm64 = absent
typedef enum { ANON_VALUE = 1 } anon_t;
typedef enum tagged { TAGGED_VALUE = 1 } tagged_t;
typedef enum { NOW_INT } now_int_t;
PROGRAM void by_typedef(void *p)
{
	ASK(value_of(anon_t, ANON_VALUE));
	ASK(value_of(tagged_t, TAGGED_VALUE));
	ASK(value_exists(now_int_t, NOW_INT));
}

// Fields: an enumeration may become one of 64 bits.
// want main field: field_exists mov = 1; byte_sz mov = 8; byte_sz mov = 4
struct holder { enum grows a; enum shrinks b; } MOVES;
PROGRAM void field(struct holder *p) { ASK(exists(p->a)); ASK(byte_sz(p->a)); ASK(byte_sz(p->b)); }
