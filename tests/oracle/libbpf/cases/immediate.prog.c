// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
// clang 19 only: stores of constants are instructions of -mcpu=v4
// flags: -mcpu=v4
/* Stores of constants, and loads that extend the sign. */
#include "case.h"

// want main constant: byte_off st4>8 = 8; byte_off st1>2 = 16
struct constant { u32 x; u8 y; } MOVES;
PROGRAM void constant(struct constant *p) { p->x = 7; p->y = 1; }

// want main constant_signed: byte_off st4 = width
struct constant_signed { s32 x; } MOVES;
PROGRAM void constant_signed(struct constant_signed *p) { p->x = 7; }

// A load that extends the sign keeps its mode; a signed field of another size is refused.
// want main extended: byte_off ldx4 = 8; byte_off ldx2 = width
struct extended { s32 x; s16 y; } MOVES;
PROGRAM void extended(struct extended *p) { ASK((s64)p->x); ASK((s64)p->y); }
