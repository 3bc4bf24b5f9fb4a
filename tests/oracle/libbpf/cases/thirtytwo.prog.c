// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* A 32-bit kernel, and BTF that has no `long` to tell the size of pointers by. */
#include "case.h"

// want built-32-bit loads: byte_off ldx8>4 = 4; byte_off ldx8 = width; byte_off ldx8>4 = 12
// want built-no-long loads: byte_off ldx8>2 = 4; byte_off ldx8 = width; byte_off ldx8 = 12
struct holder { unsigned long number; long signed_number; int *to; } MOVES;
PROGRAM void loads(struct holder *p)
{
	ASK(p->number);
	ASK(p->signed_number);
	ASK((u64)p->to);
}

// want built-32-bit sizes: byte_sz mov = 4; byte_sz mov = 4; type_size mov = 4; type_size mov = 12; type_size mov = 20
// want built-no-long sizes: byte_sz mov = 2; byte_sz mov = 8; type_size mov = 8; type_size mov = 24; type_size mov = 20
typedef int *to_t;
typedef int *many_t[2];
PROGRAM void sizes(struct holder *p)
{
	ASK(byte_sz(p->number));
	ASK(byte_sz(p->to));
	ASK(type_size(to_t));
	ASK(type_size(many_t));
	ASK(type_size(struct holder));
}

// want built-32-bit elements: byte_off mov = 12; byte_off ldx8>4 = 8
// want built-no-long elements: byte_off mov = 20; byte_off ldx8 = 12
struct rows { int *many[3]; } MOVES;
PROGRAM void elements(struct rows *p) { ASK(byte_off(p->many[2])); ASK((u64)p->many[1]); }
