// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Several candidates of one name: they must agree, and those that do not match are forgotten for that local type once
 * another did. Each case has a flavour of its own, so its own list of candidates: the target has two of `twin`.
 */
#include "case.h"

#define TWIN(flavour) \
	struct twin___##flavour { int common; int first; int second; int same; int wide; } MOVES

// After only the second matched, the common field is no longer ambiguous.
// want main exists_then_read: field_exists mov = 1; byte_off mov = 8
TWIN(a);
PROGRAM void exists_then_read(struct twin___a *p) { ASK(exists(p->second)); ASK(byte_off(p->common)); }

// Read first: ambiguous. Nothing was forgotten.
// want main read_then_exists: byte_off mov = error offset; field_exists mov = 1
// want main read_again: byte_off mov = 8
TWIN(b);
PROGRAM void read_then_exists(struct twin___b *p) { ASK(byte_off(p->common)); ASK(exists(p->second)); }
PROGRAM void read_again(struct twin___b *p) { ASK(byte_off(p->common)); }

// What one flavour's question forgot, another flavour still has.
// want main per_flavour: field_exists mov = 1; byte_off mov = error offset
TWIN(c);
TWIN(d);
PROGRAM void per_flavour(struct twin___c *p, struct twin___d *q)
{
	ASK(exists(p->second));
	ASK(byte_off(q->common));
}

// Fields that are split between two: the first question decides for the second.
// want main split: field_exists mov = 1; field_exists mov = absent; byte_off mov = poison; byte_off mov = 4
TWIN(e);
PROGRAM void split(struct twin___e *p)
{
	ASK(exists(p->first));
	ASK(exists(p->second));
	ASK(byte_off(p->second));
	ASK(byte_off(p->common));
}

// Existence compares offsets too.
// want main ambiguous_existence: field_exists mov = error offset
TWIN(f);
PROGRAM void ambiguous_existence(struct twin___f *p) { ASK(exists(p->common)); }

// want main agreeing: field_exists mov = 1; byte_off mov = 16; type_exists mov = 1
TWIN(g);
PROGRAM void agreeing(struct twin___g *p)
{
	ASK(exists(p->same));
	ASK(byte_off(p->same));
	ASK(type_exists(struct twin___g));
}

// The same place, another size.
// want main decision: byte_sz mov = error decision; byte_off mov = 20; signed mov = error decision
TWIN(h);
PROGRAM void decision(struct twin___h *p)
{
	ASK(byte_sz(p->wide));
	ASK(byte_off(p->wide));
	ASK(is_signed(p->wide));
}

// want main whole_types: type_size mov = error decision; target_type_id imm64 = error decision
TWIN(i);
PROGRAM void whole_types(void *p) { ASK(type_size(struct twin___i)); ASK(type_id_target(struct twin___i)); }

// A question that none answers forgets none.
// want main none_matches: field_exists mov = absent; byte_off mov = error offset
struct twin___j { int common; int nowhere; } MOVES;
PROGRAM void none_matches(struct twin___j *p) { ASK(exists(p->nowhere)); ASK(byte_off(p->common)); }

// A type's existence keeps both; its match keeps the one that matches.
// want main by_match: type_matches mov = 1; byte_off mov = 4
struct twin___k { int common; int first; } MOVES;
PROGRAM void by_match(struct twin___k *p) { ASK(type_matches(struct twin___k)); ASK(byte_off(p->common)); }

// An ambiguous enumerator, and one that only one of the enumerations has.
// want main enumerators: enumval_value imm64 = error decision; enumval_exists imm64 = 1; enumval_value imm64 = 3
// want main enumerators_again: enumval_value imm64 = 1
enum level___a { LOW = 1, HIGH = 2 };
PROGRAM void enumerators(void *p)
{
	ASK(value_of(enum level___a, LOW));
	ASK(value_exists(enum level___a, LOW));
	ASK(value_of(enum level___a, HIGH));
}
PROGRAM void enumerators_again(void *p) { ASK(value_of(enum level___a, LOW)); }

/*
 * An error leaves the list half tidied: the first of three does not match and the second does, so it takes the first's
 * place before the third contradicts it. The first is gone, the second there twice.
 */
// want main after_error: byte_off mov = error offset; byte_off mov = poison
// want main after_error_again: byte_off mov = error offset
struct triplet { int common; int first; } MOVES;
PROGRAM void after_error(struct triplet *p) { ASK(byte_off(p->common)); ASK(byte_off(p->first)); }
PROGRAM void after_error_again(struct triplet *p) { ASK(byte_off(p->common)); }
// clang 19 only: type_matches
