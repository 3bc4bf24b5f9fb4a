// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
struct twin { int pad1, common, first, pad2, same; long long wide; } __attribute__((packed)) twin_one;
struct twin___two { int pad1, second, common, pad2, same; unsigned wide; int more[2]; } twin_two;
enum level { LOW = 1, HIGH = 3 } level_one;
enum level___two { LOW___two = 5 } level_two;
struct triplet { int pad, first; } triplet_one;
struct triplet___two { int common; } triplet_two;
struct triplet___three { int pad, common; } triplet_three;
