// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
typedef unsigned u32;
typedef unsigned long long u64;
#define PACKED __attribute__((packed))
struct moved { u32 pad, a : 15, b : 3; } moved;
struct widened { u32 a : 8; int b : 17; } widened;
struct straddling { u32 a : 30, b : 14; } PACKED straddling;
struct too_wide { u64 a : 7, b : 60; } PACKED too_wide;
struct just_fits { u64 pad; u64 a : 4, b : 60; } just_fits;
struct to_bits { u32 pad, a : 4, b : 5; } to_bits;
struct from_bits { u64 pad; unsigned short b; } from_bits;
enum sort { SORT_MINUS = -1, SORT_PLUS = 1 };
struct sorts { int a : 4; enum sort b : 4; _Bool c : 1; u32 pad; unsigned char d0 : 7, d : 1; } PACKED sorts;
struct gone { u32 a : 3; } gone;
struct nested { u32 pad[3]; union { struct { u32 a : 5, b : 2; }; u32 all; }; } nested;
struct whole { u64 pad; long long b; } whole;
struct odd { u32 b[3]; } odd;
