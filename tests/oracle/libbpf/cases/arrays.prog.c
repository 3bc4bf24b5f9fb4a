// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Elements of arrays: in range, in several dimensions, of flexible and of empty arrays. */
#include "case.h"

#define ROOT(name, ...) struct name { __VA_ARGS__; } MOVES

// want main in_range: byte_off mov = 20; byte_off mov = poison; field_exists mov = absent
ROOT(in_range, u32 pad; u32 a[8]);
PROGRAM void in_range(struct in_range *p)
{
	ASK(byte_off(p->a[3]));
	ASK(byte_off(p->a[4]));
	ASK(exists(p->a[7]));
}

// The element's own size counts.
// want main wider: byte_off mov = 24; byte_sz mov = 8; byte_off mov = 0; byte_sz mov = 32
ROOT(wider, u32 a[4]);
PROGRAM void wider(struct wider *p)
{
	ASK(byte_off(p->a[3]));
	ASK(byte_sz(p->a[3]));
	ASK(byte_off(p->a));
	ASK(byte_sz(p->a));
}

// want main of_structs: byte_off mov = 36; byte_off mov = poison
ROOT(of_structs, struct { u32 x, y; } a[3]);
PROGRAM void of_structs(struct of_structs *p) { ASK(byte_off(p->a[2].x)); ASK(byte_off(p->a[2].y)); }

// Three dimensions, and part of the way: 1*4*3*8 + 2*3*8 + 1*8.
// want main dimensions: byte_off mov = 152; byte_off mov = 144; byte_off mov = 96; byte_sz mov = 24; byte_off mov = poison
ROOT(dimensions, u32 a[2][3][2]; u32 b[2][3]);
PROGRAM void dimensions(struct dimensions *p)
{
	ASK(byte_off(p->a[1][2][1]));
	ASK(byte_off(p->a[1][2]));
	ASK(byte_off(p->a[1]));
	ASK(byte_sz(p->a[1][2]));
	ASK(byte_off(p->b[1][2]));
}

// want main fewer_dimensions: field_exists mov = absent; field_exists mov = absent
ROOT(fewer_dimensions, u32 a[2][2]; u32 b[2]);
PROGRAM void fewer_dimensions(struct fewer_dimensions *p) { ASK(exists(p->a[1][1])); ASK(exists(p->b[1])); }

// Elements of another kind.
// want main other_elements: field_exists mov = absent; field_exists mov = absent; field_exists mov = 1
ROOT(other_elements, u32 a[2]; void *b[2]; struct { u32 x; } c[2]);
PROGRAM void other_elements(struct other_elements *p)
{
	ASK(exists(p->a));
	ASK(exists(p->b[0]));
	ASK(exists(p->c[1].x));
}

// The last member without a length is as long as one likes, on either side.
// want main flexible: byte_off mov = 44; byte_off mov = 408
ROOT(flexible, u32 n; u32 a[]);
ROOT(flexible_here, u32 n; u32 a[100]);
PROGRAM void flexible(struct flexible *p, struct flexible_here *q) { ASK(byte_off(p->a[9])); ASK(byte_off(q->a[99])); }

// want main no_longer_flexible: byte_off mov = 8; byte_off mov = poison
ROOT(no_longer_flexible, u32 n; u32 a[]);
PROGRAM void no_longer_flexible(struct no_longer_flexible *p) { ASK(byte_off(p->a[1])); ASK(byte_off(p->a[2])); }

// Zero-length, and last or not.
// want main empty_last: byte_off mov = 12
ROOT(empty_last, u32 n; u32 a[3]);
PROGRAM void empty_last(struct empty_last *p) { ASK(byte_off(p->a[2])); }

// want main empty_first: byte_off mov = poison; byte_off mov = 4; field_exists mov = 1
ROOT(empty_first, u32 n; u32 a[3]; u32 m);
PROGRAM void empty_first(struct empty_first *p) { ASK(byte_off(p->a[0])); ASK(byte_off(p->a)); ASK(exists(p->m)); }

// Last in a union is enough, and its first member is not.
// want main in_union: byte_off mov = 16; byte_off mov = poison
union in_union { u32 first[4]; u32 last[5]; } MOVES;
PROGRAM void in_union(union in_union *p) { ASK(byte_off(p->last[4])); ASK(byte_off(p->first[3])); }

// Last in its anonymous struct, though more follows.
// want main in_anonymous: byte_off mov = 16
struct in_anonymous { struct { u32 n; u32 a[3]; }; u32 m; } MOVES;
PROGRAM void in_anonymous(struct in_anonymous *p) { ASK(byte_off(p->a[2])); }

// A flexible array of arrays: only the outer one has no end.
// want main flexible_rows: byte_off mov = 96; byte_off mov = poison
ROOT(flexible_rows, u32 n; u32 a[9][4]);
PROGRAM void flexible_rows(struct flexible_rows *p) { ASK(byte_off(p->a[7][2])); ASK(byte_off(p->a[7][3])); }

// The root itself as an element: not checked against anything.
// want main root_element: byte_off mov = 56; byte_off mov = 48
ROOT(root_element, u32 x; u32 y);
PROGRAM void root_element(struct root_element *p) { ASK(byte_off(p[3].x)); ASK(byte_off(p[3])); }

// Elements have an offset and a size, nothing else.
// want main only_fields: signed mov = error element; lshift_u64 mov = error element; rshift_u64 mov = error element; field_exists mov = 1
ROOT(only_fields, u32 a[4]);
PROGRAM void only_fields(struct only_fields *p)
{
	ASK(is_signed(p->a[1]));
	ASK(lshift(p->a[1]));
	ASK(rshift(p->a[1]));
	ASK(exists(p->a[1]));
}

// Pointers as elements.
// want main pointers: byte_off mov = 24; byte_sz mov = 8
ROOT(pointers, void *a[2]);
PROGRAM void pointers(struct pointers *p) { ASK(byte_off(p->a[1])); ASK(byte_sz(p->a[1])); }
