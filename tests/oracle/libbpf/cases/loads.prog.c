// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Loads and stores of fields: what width they get, and when they are refused instead. */
#include "case.h"

#define LOADS(name, type) \
	struct name { type x; } MOVES; \
	PROGRAM void name(struct name *p) { ASK((u64)p->x); }

// want main grown: byte_off ldx4>8 = 8
LOADS(grown, u32)
// want main shrunk: byte_off ldx8>2 = 8
LOADS(shrunk, u64)
// want main shrunk_to_byte: byte_off ldx2>1 = 8
LOADS(shrunk_to_byte, u16)
// want main grown_from_byte: byte_off ldx1>4 = 8
LOADS(grown_from_byte, u8)

// Signed on either side: refused.
// want main signed_grown: byte_off ldx4 = width
LOADS(signed_grown, s32)
// want main became_signed: byte_off ldx4 = width
LOADS(became_signed, u32)
// want main was_signed: byte_off ldx8 = width
LOADS(was_signed, s64)
// The same size: the sign does not matter.
// want main sign_only: byte_off ldx4 = 8
LOADS(sign_only, s32)

// A bool is no signed integer, a char is.
// want main bool_grown: byte_off ldx1>4 = 8
LOADS(bool_grown, _Bool)
// want main char_grown: byte_off ldx1 = width
LOADS(char_grown, char)

// An enumeration of another size: refused, whatever its sign.
// want main enum_grown: byte_off ldx4 = width
enum scale { SCALE_ONE = 1 };
LOADS(enum_grown, enum scale)
// want main enum_same: byte_off ldx4 = 8
enum same_scale { SAME_ONE = 1 };
LOADS(enum_same, enum same_scale)

// want main pointer: byte_off ldx8 = 8
LOADS(pointer, void *)

// 16 bytes are no load.
// want main too_large: byte_off ldx8 = error patch
LOADS(too_large, u64)

// A whole integer that became bits.
// want main became_bits: byte_off ldx4 = width
LOADS(became_bits, u32)

// A load of a part: refused only where the width would have to change.
// want main part: byte_off ldx1 = 8
// want main part_resized: byte_off ldx1 = error patch
struct part { u32 x; } MOVES;
PROGRAM void part(struct part *p) { ASK(*(u8 *)&p->x); }
struct part_resized { u32 x; } MOVES;
PROGRAM void part_resized(struct part_resized *p) { ASK(*(u8 *)&p->x); }

// Elements have their own size.
// want main element: byte_off ldx2>4 = 12
struct element { u16 x[4]; } MOVES;
PROGRAM void element(struct element *p) { ASK(p->x[1]); }

// A row's first element, read through the row: as large as its elements, but a row, which is no integer.
// want main row: byte_off ldx4 = width; byte_off ldx4 = 20
struct row { u32 x[2][2]; u32 y[2][2]; } MOVES;
PROGRAM void row(struct row *p) { ASK(*(u32 *)&p->x[1]); ASK(*(u32 *)&p->y[1]); }

// An array's first element, read through the array: the field is the array, which is neither integer nor pointer.
// want main through_array: byte_off ldx4 = width
struct through_array { u32 x[4]; } MOVES;
PROGRAM void through_array(struct through_array *p) { ASK(*(u32 *)&p->x); }

// What is not loaded is not refused.
// want main only_asked: byte_off mov = 8; byte_off mov = 12
struct only_asked { s32 x; u32 y; } MOVES;
PROGRAM void only_asked(struct only_asked *p) { ASK(byte_off(p->x)); ASK(byte_off(p->y)); }

// Stores as loads.
// want main stored: byte_off stx4>8 = 8; byte_off stx4 = width
struct stored { u32 x; s32 y; } MOVES;
PROGRAM void stored(struct stored *p) { p->x = answer; p->y = answer; }

// Loads and stores reach 32767 bytes.
// want main reaches: byte_off ldx4 = 32764
// want main too_far: byte_off ldx4 = error patch
// want main far_asked: byte_off mov = 32768
struct reaches { u32 x; } MOVES;
PROGRAM void reaches(struct reaches *p) { ASK(p->x); }
struct too_far { u32 x; } MOVES;
PROGRAM void too_far(struct too_far *p) { ASK(p->x); }
PROGRAM void far_asked(struct too_far *p) { ASK(byte_off(p->x)); }

// Too far and of another width too: the error comes first.
// want main far_signed: byte_off ldx4 = error patch
struct far_signed { s32 x; } MOVES;
PROGRAM void far_signed(struct far_signed *p) { ASK(p->x); }

// Gone.
// want main gone: byte_off ldx4 = poison
LOADS(gone, u32)

// A part of a struct that moved: one record for each step of the way to it, and the address is added to.
// want main inner: byte_off ldx4 = 20
struct inner { struct { u32 a, b; } in; } MOVES;
PROGRAM void inner(struct inner *p) { ASK(p->in.b); }
