// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
typedef unsigned long long u64;
struct constant { u64 pad, x; unsigned short y; } constant;
struct constant_signed { u64 pad; long long x; } constant_signed;
struct extended { u64 pad; int x; int y; } extended;
