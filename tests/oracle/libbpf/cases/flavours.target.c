// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
struct plain { int pad, x; } plain;
struct of_target___theirs { int pad[2], x; } of_target;
struct of_both___theirs { int pad[3], x; } of_both;
struct two { int x; } two;
struct whole__x { int pad, x; } whole;
struct four { int x; } four;
struct same____x { int pad, x; } same;
struct ___leading { int pad, x; } leading;
struct trailing___ { int pad, x; } trailing;
struct deep { int x; } deep;
struct deep___a { int pad, x; } deep_a;
struct deep___a___c { int pad[3], x; } deep_a_c;
struct last { int pad, x; } last;
struct member { int x, pad, y___old; } member;
enum number { SEVEN = 7, NINE___theirs = 9 } number;
typedef short count_t___theirs;
count_t___theirs count;
