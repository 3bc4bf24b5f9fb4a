// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Several types of exactly one name, and types of other kinds with it. */
#include "case.h"

#define TWIN(flavour) struct twin___##flavour { int common; int first; int second; int same; } MOVES

// want built-twins read: byte_off mov = error offset; byte_off mov = 8; type_exists mov = 1; type_size mov = 16; target_type_id imm64 = error decision
TWIN(a);
PROGRAM void read(struct twin___a *p)
{
	ASK(byte_off(p->common));
	ASK(byte_off(p->same));
	ASK(type_exists(struct twin___a));
	ASK(type_size(struct twin___a));
	ASK(type_id_target(struct twin___a));
}

// want built-twins split: field_exists mov = 1; field_exists mov = absent; byte_off mov = 0; target_type_id imm64 = 3
TWIN(b);
PROGRAM void split(struct twin___b *p)
{
	ASK(exists(p->first));
	ASK(exists(p->second));
	ASK(byte_off(p->common));
	ASK(type_id_target(struct twin___b));
}

// want built-twins other_first: field_exists mov = 1; field_exists mov = absent; byte_off mov = 4
TWIN(c);
PROGRAM void other_first(struct twin___c *p)
{
	ASK(exists(p->second));
	ASK(exists(p->first));
	ASK(byte_off(p->common));
}

// want built-twins alike: byte_off mov = 8; type_size mov = 16; target_type_id imm64 = error decision
struct alike { int *to; } MOVES;
PROGRAM void alike(struct alike *p)
{
	ASK(byte_off(p->to));
	ASK(type_size(struct alike));
	ASK(type_id_target(struct alike));
}

// want built-twins enumerators: enumval_value imm64 = 1; enumval_value imm64 = error decision; enumval_exists imm64 = 1
enum level { LOW = 9, HIGH = 8 };
PROGRAM void enumerators(void *p)
{
	ASK(value_of(enum level, LOW));
	ASK(value_of(enum level, HIGH));
	ASK(value_exists(enum level, HIGH));
}

// want built-twins only_structs: byte_off mov = 4; type_exists mov = 1
struct lone { int x; } MOVES;
PROGRAM void only_structs(struct lone *p) { ASK(byte_off(p->x)); ASK(type_exists(struct lone)); }
