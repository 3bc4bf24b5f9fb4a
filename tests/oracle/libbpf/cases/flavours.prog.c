// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Names and flavours: what of a name counts, of types, enumerators and members. */
#include "case.h"

// want main plain: byte_off mov = 4
struct plain { int x; } MOVES;
PROGRAM void plain(struct plain *p) { ASK(byte_off(p->x)); }

// The target's type has the flavour.
// want main of_target: byte_off mov = 8
struct of_target { int x; } MOVES;
PROGRAM void of_target(struct of_target *p) { ASK(byte_off(p->x)); }

// want main of_both: byte_off mov = 12
struct of_both___mine { int x; } MOVES;
PROGRAM void of_both(struct of_both___mine *p) { ASK(byte_off(p->x)); }

// Two underscores are part of the name: `two__x` is not `two`.
// want main two: field_exists mov = absent; type_exists mov = absent
struct two__x { int x; } MOVES;
PROGRAM void two(struct two__x *p) { ASK(exists(p->x)); ASK(type_exists(struct two__x)); }

// want main two_whole: byte_off mov = 4
struct whole__x { int x; } MOVES;
PROGRAM void two_whole(struct whole__x *p) { ASK(byte_off(p->x)); }

// Four are no border either: `four____x` is not `four`.
// want main four: type_exists mov = absent; byte_off mov = poison
struct four____x { int x; } MOVES;
PROGRAM void four(struct four____x *p) { ASK(type_exists(struct four____x)); ASK(byte_off(p->x)); }

// want main four_whole: byte_off mov = 4
struct same____x { int x; } MOVES;
PROGRAM void four_whole(struct same____x *p) { ASK(byte_off(p->x)); }

// Leading ones belong to the name.
// want main leading: byte_off mov = 4
struct ___leading { int x; } MOVES;
PROGRAM void leading(struct ___leading *p) { ASK(byte_off(p->x)); }

// want main trailing: byte_off mov = 4
struct trailing___ { int x; } MOVES;
PROGRAM void trailing(struct trailing___ *p) { ASK(byte_off(p->x)); }

// The last border counts: `deep___a___b` is `deep___a`; of the target's, `deep___a___c` is, `deep` and `deep___a` are not.
// want main deep: byte_off mov = 12
struct deep___a___b { int x; } MOVES;
PROGRAM void deep(struct deep___a___b *p) { ASK(byte_off(p->x)); }

// A border is followed by what is no underscore: of `last___x_____y` it is the first.
// want main mixed: byte_off mov = 4
struct last___x_____y { int x; } MOVES;
PROGRAM void mixed(struct last___x_____y *p) { ASK(byte_off(p->x)); }

// Members are compared whole.
// want main member: field_exists mov = absent; field_exists mov = 1
struct member { int x___old; int y___old; } MOVES;
PROGRAM void member(struct member *p) { ASK(exists(p->x___old)); ASK(exists(p->y___old)); }

// Enumerators have flavours as types have.
// want main enumerator: enumval_value imm64 = 7; enumval_exists imm64 = absent; enumval_value imm64 = 9
enum number___mine { SEVEN___mine = 1, SEVEN__mine = 2, NINE = 3 };
PROGRAM void enumerator(void *p)
{
	ASK(value_of(enum number___mine, SEVEN___mine));
	ASK(value_exists(enum number___mine, SEVEN__mine));
	ASK(value_of(enum number___mine, NINE));
}

// want main name_of_typedef: type_size mov = 2
typedef int count_t___mine;
PROGRAM void name_of_typedef(void *p) { ASK(type_size(count_t___mine)); }

// A name that only begins alike is another.
// want main prefix: type_exists mov = absent; type_exists mov = absent
struct pla { int x; };
struct plainer { int x; };
PROGRAM void prefix(void *p) { ASK(type_exists(struct pla)); ASK(type_exists(struct plainer)); }
