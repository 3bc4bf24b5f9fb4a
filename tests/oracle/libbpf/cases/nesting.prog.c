// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Walks of many steps: 64 are followed, 65 are an error, here and there. */
#include "case.h"

// n1 holds an int, n2 holds n1, and so on: nN has N steps from its root to the int, and the walk one more.
struct n1 { int m; } MOVES;
#define NEST(name, of) struct name { struct of m; } MOVES;
NEST(n2, n1) NEST(n3, n2) NEST(n4, n3) NEST(n5, n4) NEST(n6, n5) NEST(n7, n6) NEST(n8, n7) NEST(n9, n8) NEST(n10, n9)
NEST(n11, n10) NEST(n12, n11) NEST(n13, n12) NEST(n14, n13) NEST(n15, n14) NEST(n16, n15)
#define PATH15 m.m.m.m.m.m.m.m.m.m.m.m.m.m.m
#define PATH16 PATH15.m
// Another sixteen on top of it, twice.
#define OVER(name, of) struct name { of m; } MOVES;
#define SIXTEEN(x, of) \
	OVER(x##1, of) OVER(x##2, struct x##1) OVER(x##3, struct x##2) OVER(x##4, struct x##3) OVER(x##5, struct x##4) \
	OVER(x##6, struct x##5) OVER(x##7, struct x##6) OVER(x##8, struct x##7) OVER(x##9, struct x##8) \
	OVER(x##10, struct x##9) OVER(x##11, struct x##10) OVER(x##12, struct x##11) OVER(x##13, struct x##12) \
	OVER(x##14, struct x##13) OVER(x##15, struct x##14) OVER(x##16, struct x##15)
SIXTEEN(o, struct n16)
SIXTEEN(q, struct o16)
SIXTEEN(r, struct q16)

// 63 members and the root: 64 steps.
// want main sixty_four: byte_off mov = 4; field_exists mov = 1
PROGRAM void sixty_four(struct r15 *p)
{
	ASK(byte_off(p->PATH16.PATH16.PATH16.PATH15));
	ASK(exists(p->PATH16.PATH16.PATH16.PATH15));
}

// want main sixty_five: byte_off mov = error parse; field_exists mov = error parse
PROGRAM void sixty_five(struct r16 *p)
{
	ASK(byte_off(p->PATH16.PATH16.PATH16.PATH16));
	ASK(exists(p->PATH16.PATH16.PATH16.PATH16));
}

// Few steps here, and as many anonymous structs in between there that they are too many: an error, not an absence.
// want main through_anonymous: field_exists mov = 1; field_exists mov = error match; byte_off mov = error match
struct thin { int far; int too_far; } MOVES;
PROGRAM void through_anonymous(struct thin *p)
{
	ASK(exists(p->far));
	ASK(exists(p->too_far));
	ASK(byte_off(p->too_far));
}

// What lies before the depths is found without going there.
// want main before: field_exists mov = 1; field_exists mov = error match; field_exists mov = error match
struct before { int before; int after; int nowhere; } MOVES;
PROGRAM void before(struct before *p)
{
	ASK(exists(p->before));
	ASK(exists(p->after));
	ASK(exists(p->nowhere));
}
