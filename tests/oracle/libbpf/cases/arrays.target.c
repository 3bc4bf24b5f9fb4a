// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
#define ROOT(name, ...) struct name { __VA_ARGS__; } name
typedef unsigned long long u64;
ROOT(in_range, unsigned pad[2]; unsigned a[4]);
ROOT(wider, u64 a[4]);
ROOT(of_structs, int pad; struct { int pad[2]; unsigned x; } a[3]);
ROOT(dimensions, u64 a[2][4][3]; u64 b[3][2]);
ROOT(fewer_dimensions, unsigned a[2]; unsigned b[2][2]);
ROOT(other_elements, void *a[2]; unsigned b[2]; union { unsigned x; } c[2]);
ROOT(flexible, u64 n; unsigned a[10]);
ROOT(flexible_here, u64 pad; unsigned n; unsigned a[]);
ROOT(no_longer_flexible, unsigned n; unsigned a[2]);
ROOT(empty_last, unsigned n; unsigned a[0]);
ROOT(empty_first, unsigned n; unsigned a[0]; unsigned m);
union in_union { unsigned first[0]; struct { unsigned pad; }; unsigned last[0]; } in_union;
struct in_anonymous { struct { u64 n; unsigned a[0]; }; unsigned m; } in_anonymous;
ROOT(flexible_rows, unsigned n; unsigned a[][3]);
ROOT(root_element, u64 pad; unsigned x);
ROOT(only_fields, unsigned a[4]);
ROOT(pointers, void *pad[2]; void *a[2]);
