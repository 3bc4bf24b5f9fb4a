// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
enum simple { SIMPLE_FIRST, SIMPLE_MOVED = 7 } simple;
struct no_enum { int x; } no_enum;
enum grows { GROWS = 0x123456789abcdef0ULL } grows;
enum shrinks { SHRINKS = 5 } shrinks;
enum wide { WIDE = 0xfffffffffffffffeULL } wide;
enum negative { NEGATIVE = -7, NOT_NEGATIVE = 3 } negative;
enum wide_negative { WIDE_NEGATIVE = -7 } wide_negative;
enum big { BIG = 0xfffffffe } big;
enum becomes_big { BECOMES_BIG = 0xfffffffe } becomes_big;
enum first_of_two { TWICE___a = 5, TWICE___b = 6 } first_of_two;
typedef enum { ANON_VALUE = 4 } anon_t;
anon_t anon;
typedef enum other_tag { TAGGED_VALUE = 6 } tagged_t;
tagged_t tagged;
typedef int now_int_t;
now_int_t now_int;
struct holder { enum grows a; enum shrinks b; } holder;
