/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * What the programs of the cases need: compiler built-ins under the names that people know, and nothing else, so that
 * clang alone is enough. No program is ever loaded.
 */
#ifndef CASE_H
#define CASE_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;

/* A program: all lie in one section, so that their records stand in the order of the file. */
#define PROGRAM __attribute__((section("kprobe/case"), used))
/* Accesses of the type are relocated, and only of types with this. */
#define MOVES __attribute__((preserve_access_index))

#define FIELD(place, what) ((u64)__builtin_preserve_field_info(place, what))
#define byte_off(place) FIELD(place, 0)
#define byte_sz(place) FIELD(place, 1)
#define exists(place) FIELD(place, 2)
#define is_signed(place) FIELD(place, 3)
#define lshift(place) FIELD(place, 4)
#define rshift(place) FIELD(place, 5)

#define type_id_local(type) ((u64)__builtin_btf_type_id(*(typeof(type) *)0, 0))
#define type_id_target(type) ((u64)__builtin_btf_type_id(*(typeof(type) *)0, 1))
#define type_exists(type) ((u64)__builtin_preserve_type_info(*(typeof(type) *)0, 0))
#define type_size(type) ((u64)__builtin_preserve_type_info(*(typeof(type) *)0, 1))
#define type_matches(type) ((u64)__builtin_preserve_type_info(*(typeof(type) *)0, 2))

#define value_exists(type, value) ((u64)__builtin_preserve_enum_value(*(typeof(type) *)value, 0))
#define value_of(type, value) ((u64)__builtin_preserve_enum_value(*(typeof(type) *)value, 1))

/* An answer goes where the compiler must leave it, in the order of the source; the same question may be asked again. */
volatile u64 answer;
#define ASK(question) \
	do { \
		answer = (question); \
		asm volatile("" ::: "memory"); \
	} while (0)

#endif
