// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Types as wholes: whether they exist, their size and their id. Kinds count, and names of the root only. */
#include "case.h"

// want main structs: type_exists mov = 1; type_size mov = 12; target_type_id imm64 = 1; local_type_id imm64 = 4
struct a { int x; };
PROGRAM void structs(void *p)
{
	ASK(type_exists(struct a));
	ASK(type_size(struct a));
	ASK(type_id_target(struct a));
	ASK(type_id_local(struct a));
}

// want main missing: type_exists mov = absent; type_size mov = absent; target_type_id imm64 = absent; local_type_id imm64 = 8
struct missing { int x; };
PROGRAM void missing(void *p)
{
	ASK(type_exists(struct missing));
	ASK(type_size(struct missing));
	ASK(type_id_target(struct missing));
	ASK(type_id_local(struct missing));
}

// A struct is no union, no typedef, no enumeration.
// want main other_kinds: type_exists mov = absent; type_exists mov = absent; type_exists mov = absent; type_exists mov = absent
struct now_union { int x; };
union now_struct { int x; };
struct now_typedef { int x; };
enum now_other { NOW_OTHER };
PROGRAM void other_kinds(void *p)
{
	ASK(type_exists(struct now_union));
	ASK(type_exists(union now_struct));
	ASK(type_exists(struct now_typedef));
	ASK(type_exists(enum now_other));
}

// A declaration is no definition.
// want main declared: type_exists mov = absent; type_size mov = absent
struct declared { int x; };
PROGRAM void declared(void *p) { ASK(type_exists(struct declared)); ASK(type_size(struct declared)); }

// Declarations behind typedefs and pointers: they go with declarations, not with definitions.
// want main declarations: type_exists mov = 1; type_exists mov = absent; type_exists mov = absent
typedef struct declared_twice *declared_twice_t;
typedef struct declared_here *declared_here_t;
typedef struct a *declared_there_t;
PROGRAM void declarations(void *p)
{
	ASK(type_exists(declared_twice_t));
	ASK(type_exists(declared_here_t));
	ASK(type_exists(declared_there_t));
}

// want main unions: type_exists mov = 1; type_size mov = 16
union u { int x; };
PROGRAM void unions(void *p) { ASK(type_exists(union u)); ASK(type_size(union u)); }

// want main enums: type_exists mov = 1; type_size mov = 4
enum e { E_ONE };
PROGRAM void enums(void *p) { ASK(type_exists(enum e)); ASK(type_size(enum e)); }

// Typedefs: what stands behind them, by kinds. Sizes and signs of integers do not count.
// want main typedefs: type_exists mov = 1; type_size mov = 8; type_exists mov = absent; type_exists mov = 1; type_exists mov = absent; type_exists mov = 1
typedef int int_t;
typedef int int_now_pointer_t;
typedef struct { int x; } struct_t;
typedef struct { int x; } struct_now_union_t;
typedef int twice_t;
PROGRAM void typedefs(void *p)
{
	ASK(type_exists(int_t));
	ASK(type_size(int_t));
	ASK(type_exists(int_now_pointer_t));
	ASK(type_exists(struct_t));
	ASK(type_exists(struct_now_union_t));
	ASK(type_exists(twice_t));
}

// Pointers and arrays: what they lead to, without names; lengths do not count.
// want main chains: type_exists mov = 1; type_exists mov = absent; type_exists mov = 1; type_exists mov = 1; type_size mov = 24; type_exists mov = absent; type_exists mov = absent
typedef struct a *to_struct_t;
typedef struct a *to_union_t;
typedef int **to_pointer_t;
typedef int numbers_t[2];
typedef int *pointers_t[2];
typedef int not_array_t[2];
PROGRAM void chains(void *p)
{
	ASK(type_exists(to_struct_t));
	ASK(type_exists(to_union_t));
	ASK(type_exists(to_pointer_t));
	ASK(type_exists(numbers_t));
	ASK(type_size(numbers_t));
	ASK(type_exists(pointers_t));
	ASK(type_exists(not_array_t));
}

// want main voids: type_exists mov = 1; type_exists mov = absent; type_size mov = 8
typedef void *void_t;
typedef void *void_now_int_t;
PROGRAM void voids(void *p)
{
	ASK(type_exists(void_t));
	ASK(type_exists(void_now_int_t));
	ASK(type_size(void_t));
}

// Prototypes: how many arguments, their kinds, and the kind of what is returned.
// want main prototypes: type_exists mov = 1; type_exists mov = absent; type_exists mov = absent; type_exists mov = absent; type_exists mov = 1; type_exists mov = absent
typedef int (*same_t)(int, struct a *);
typedef int (*fewer_t)(int, int);
typedef int (*argument_t)(int, int *);
typedef int (*result_t)(int);
typedef void (*nothing_t)(void);
typedef int (*nested_t)(int (*)(int));
PROGRAM void prototypes(void *p)
{
	ASK(type_exists(same_t));
	ASK(type_exists(fewer_t));
	ASK(type_exists(argument_t));
	ASK(type_exists(result_t));
	ASK(type_exists(nothing_t));
	ASK(type_exists(nested_t));
}

// Of a prototype itself nobody knows the size: for the local one already.
// want main no_size: type_size mov = error other; type_exists mov = 1
typedef int function_t(int);
PROGRAM void no_size(void *p) { ASK(type_size(function_t)); ASK(type_exists(function_t)); }

// Floating-point numbers are never the same.
// want main floats: type_exists mov = absent; type_size mov = absent
typedef float float_t;
PROGRAM void floats(void *p) { ASK(type_exists(float_t)); ASK(type_size(float_t)); }

// Enumerations behind typedefs: any of them.
// want main behind: type_exists mov = 1; type_size mov = 8
typedef enum { BEHIND_ONE } behind_t;
PROGRAM void behind(void *p) { ASK(type_exists(behind_t)); ASK(type_size(behind_t)); }

// 32 steps of pointers and arrays are followed; with the typedef that is 31 stars and the end, 32 are too many.
// want main long_chain: type_exists mov = 1; type_exists mov = error match
#define STARS4 ****
#define STARS28 STARS4 STARS4 STARS4 STARS4 STARS4 STARS4 STARS4
typedef int STARS28 *** stars31_t;
typedef int STARS28 STARS4 stars32_t;
PROGRAM void long_chain(void *p) { ASK(type_exists(stars31_t)); ASK(type_exists(stars32_t)); }

// Sizes are followed through 31 typedefs and arrays to a type, not through 32.
// want main long_names: type_size mov = 4; type_size mov = error other; type_exists mov = 1
#define NAME(number, of) typedef of name##number;
NAME(1, int) NAME(2, name1) NAME(3, name2) NAME(4, name3) NAME(5, name4) NAME(6, name5) NAME(7, name6) NAME(8, name7)
NAME(9, name8) NAME(10, name9) NAME(11, name10) NAME(12, name11) NAME(13, name12) NAME(14, name13) NAME(15, name14)
NAME(16, name15) NAME(17, name16) NAME(18, name17) NAME(19, name18) NAME(20, name19) NAME(21, name20) NAME(22, name21)
NAME(23, name22) NAME(24, name23) NAME(25, name24) NAME(26, name25) NAME(27, name26) NAME(28, name27) NAME(29, name28)
NAME(30, name29) NAME(31, name30) NAME(32, name31)
PROGRAM void long_names(void *p) { ASK(type_size(name31)); ASK(type_size(name32)); ASK(type_exists(name32)); }

// The target's size cannot be told.
// want main target_names: type_size mov = error other; type_exists mov = 1
typedef int target_name_t;
PROGRAM void target_names(void *p) { ASK(type_size(target_name_t)); ASK(type_exists(target_name_t)); }
