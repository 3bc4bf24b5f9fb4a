// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
struct n1 { int pad, m; };
#define NEST(name, of) struct name { struct of m; };
NEST(n2, n1) NEST(n3, n2) NEST(n4, n3) NEST(n5, n4) NEST(n6, n5) NEST(n7, n6) NEST(n8, n7) NEST(n9, n8) NEST(n10, n9)
NEST(n11, n10) NEST(n12, n11) NEST(n13, n12) NEST(n14, n13) NEST(n15, n14) NEST(n16, n15)
#define OVER(name, of) struct name { of m; };
#define SIXTEEN(x, of) \
	OVER(x##1, of) OVER(x##2, struct x##1) OVER(x##3, struct x##2) OVER(x##4, struct x##3) OVER(x##5, struct x##4) \
	OVER(x##6, struct x##5) OVER(x##7, struct x##6) OVER(x##8, struct x##7) OVER(x##9, struct x##8) \
	OVER(x##10, struct x##9) OVER(x##11, struct x##10) OVER(x##12, struct x##11) OVER(x##13, struct x##12) \
	OVER(x##14, struct x##13) OVER(x##15, struct x##14) OVER(x##16, struct x##15)
SIXTEEN(o, struct n16)
SIXTEEN(q, struct o16)
SIXTEEN(r, struct q16)
struct r16 r16;

#define IN2(what) struct { struct { what }; };
#define IN8(what) IN2(IN2(IN2(IN2(what))))
#define IN32(what) IN8(IN8(IN8(IN8(what))))
/* A root, 62 structs and the member are 64 steps; another struct is one too many. */
#define IN62(what) IN32(IN8(IN8(IN8(IN2(IN2(IN2(what)))))))
struct thin { IN62(int far;) IN62(struct { int too_far; };) } thin;
struct before { int before; IN62(struct { int deep; };) int after; } before;
