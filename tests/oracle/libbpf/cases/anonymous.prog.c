// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Roots without a name: loaders look up names, so all but the local id is an error. */
#include "case.h"

struct { u32 x; } MOVES unnamed_struct;
enum { UNNAMED_VALUE = 1 } unnamed_enum;

// want own field: byte_off mov = error no-name; field_exists mov = error no-name
PROGRAM void field(void *p)
{
	typeof(unnamed_struct) *q = p;

	ASK(byte_off(q->x));
	ASK(exists(q->x));
}

// want own enumerator: enumval_value imm64 = error no-name; enumval_exists imm64 = error no-name
PROGRAM void enumerator(void *p)
{
	ASK(value_of(typeof(unnamed_enum), UNNAMED_VALUE));
	ASK(value_exists(typeof(unnamed_enum), UNNAMED_VALUE));
}

// The id of a type without a name is asked of the object itself.
// want own ids: local_type_id imm64 = 4
PROGRAM void ids(void *p) { ASK(type_id_local(unnamed_struct)); }
