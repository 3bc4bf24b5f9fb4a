// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Modules are searched when vmlinux has no candidate at all, not when it has one that does not match. */
#include "case.h"

#define ROOT(name) struct name { int x; int first; int second; } MOVES

// want built-modules vmlinux: byte_off mov = 4
ROOT(in_main);
PROGRAM void vmlinux(struct in_main *p) { ASK(byte_off(p->x)); }

// want built-modules module: byte_off mov = 8; type_exists mov = 1; type_size mov = 12; target_type_id imm64 = 5
ROOT(in_module);
PROGRAM void module(struct in_module *p)
{
	ASK(byte_off(p->x));
	ASK(type_exists(struct in_module));
	ASK(type_size(struct in_module));
	ASK(type_id_target(struct in_module));
}

// want built-modules both: byte_off mov = poison; field_exists mov = absent; type_size mov = 4
ROOT(in_both);
PROGRAM void both(struct in_both *p)
{
	ASK(byte_off(p->x));
	ASK(exists(p->x));
	ASK(type_size(struct in_both));
}

// Two modules are two candidates.
// want built-modules two: byte_off mov = error offset; field_exists mov = 1
// want built-modules two_again: byte_off mov = 8
ROOT(in_two);
PROGRAM void two(struct in_two *p) { ASK(byte_off(p->x)); ASK(exists(p->second)); }
PROGRAM void two_again(struct in_two *p) { ASK(byte_off(p->x)); }

// want built-modules none: byte_off mov = poison; type_exists mov = absent
ROOT(in_none);
PROGRAM void none(struct in_none *p) { ASK(byte_off(p->x)); ASK(type_exists(struct in_none)); }
