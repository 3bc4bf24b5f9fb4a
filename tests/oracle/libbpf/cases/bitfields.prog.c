// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Bit-fields: moved, widened, straddling, too wide, to and from whole integers. */
#include "case.h"

#define ALL(place) \
	ASK(byte_off(place)); \
	ASK(byte_sz(place)); \
	ASK(is_signed(place)); \
	ASK(lshift(place)); \
	ASK(rshift(place))

// want main moved: byte_off mov = 4; byte_sz mov = 4; signed mov = 0; lshift_u64 mov = 46; rshift_u64 mov = 61
struct moved { u32 a : 2, b : 3; } MOVES;
PROGRAM void moved(struct moved *p) { ALL(p->b); }

// want main widened: byte_off mov = 0; byte_sz mov = 4; signed mov = 1; lshift_u64 mov = 39; rshift_u64 mov = 47
struct widened { u32 a : 3, b : 5; } MOVES;
PROGRAM void widened(struct widened *p) { ALL(p->b); }

// The load grows until it covers the bits: 14 bits from bit 30, of a type of 4 bytes.
// want main straddling: byte_off mov = 0; byte_sz mov = 8; signed mov = 0; lshift_u64 mov = 20; rshift_u64 mov = 50
struct straddling { u32 b : 14; } MOVES;
PROGRAM void straddling(struct straddling *p) { ALL(p->b); }

// 60 bits from bit 7 need nine bytes: no load has them. That it exists is an answer all the same.
// want main too_wide: field_exists mov = 1; byte_off mov = error bitfield; byte_sz mov = error bitfield; lshift_u64 mov = error bitfield; rshift_u64 mov = error bitfield; signed mov = error bitfield
struct too_wide { u64 a : 4, b : 60; } MOVES;
PROGRAM void too_wide(struct too_wide *p)
{
	ASK(exists(p->b));
	ASK(byte_off(p->b));
	ASK(byte_sz(p->b));
	ASK(lshift(p->b));
	ASK(rshift(p->b));
	ASK(is_signed(p->b));
}

// Exactly 64 bits is not too wide.
// want main just_fits: byte_off mov = 8; byte_sz mov = 8; signed mov = 0; lshift_u64 mov = 0; rshift_u64 mov = 4
struct just_fits { u64 b : 60; } MOVES;
PROGRAM void just_fits(struct just_fits *p) { ALL(p->b); }

// A whole integer becomes a bit-field: the values go with it, a load by its offset does not.
// want main to_bits: byte_off mov = 4; byte_sz mov = 4; signed mov = 0; lshift_u64 mov = 55; rshift_u64 mov = 59
// want main to_bits_load: byte_off ldx4 = width
struct to_bits { u32 b; } MOVES;
PROGRAM void to_bits(struct to_bits *p) { ALL(p->b); }
PROGRAM void to_bits_load(struct to_bits *p) { ASK(p->b); }

// And back.
// want main from_bits: byte_off mov = 8; byte_sz mov = 2; signed mov = 0; lshift_u64 mov = 48; rshift_u64 mov = 48
struct from_bits { u32 a : 2, b : 3; } MOVES;
PROGRAM void from_bits(struct from_bits *p) { ALL(p->b); }

// Signed, of an enumeration, of a bool, of bytes.
// want main sorts: signed mov = 1; signed mov = 1; signed mov = 0; byte_sz mov = 1; byte_off mov = 6; rshift_u64 mov = 63
enum sort { SORT_MINUS = -1, SORT_PLUS = 1 };
struct sorts { s32 a : 4; enum sort b : 4; _Bool c : 1; u8 d : 1; } MOVES;
PROGRAM void sorts(struct sorts *p)
{
	ASK(is_signed(p->a));
	ASK(is_signed(p->b));
	ASK(is_signed(p->c));
	ASK(byte_sz(p->d));
	ASK(byte_off(p->d));
	ASK(rshift(p->d));
}

// Gone.
// want main gone: byte_off mov = poison; byte_sz mov = poison; signed mov = poison; lshift_u64 mov = poison; rshift_u64 mov = poison
struct gone { u32 b : 3; } MOVES;
PROGRAM void gone(struct gone *p) { ALL(p->b); }

// In an anonymous struct, far in.
// want main nested: byte_off mov = 12; byte_sz mov = 4; signed mov = 0; lshift_u64 mov = 57; rshift_u64 mov = 62
struct nested { struct { u32 a : 1, b : 2; }; } MOVES;
PROGRAM void nested(struct nested *p) { ALL(p->b); }

// All of a whole integer: shifts of what is no bit-field.
// want main whole: byte_off mov = 8; byte_sz mov = 8; signed mov = 1; lshift_u64 mov = 0; rshift_u64 mov = 0
struct whole { u32 b; } MOVES;
PROGRAM void whole(struct whole *p) { ALL(p->b); }

// Shifts of what has become more than 64 bits: they wrap at 32.
// want main odd: lshift_u64 mov = 4294967264; rshift_u64 mov = 4294967264
struct odd { u32 b[2]; } MOVES;
PROGRAM void odd(struct odd *p) { ASK(lshift(p->b)); ASK(rshift(p->b)); }
