// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
#define TYPEDEF(name, ...) typedef __VA_ARGS__; name the_##name
struct a { long long x; int y; } __attribute__((packed)) a;
union now_union { int x; } now_union;
struct now_struct { int x; } now_struct;
typedef struct { int x; } now_typedef;
now_typedef the_now_typedef;
typedef int now_other;
now_other the_now_other;
struct declared;
struct { struct declared *to; } to_declared;
TYPEDEF(declared_twice_t, struct declared_twice *declared_twice_t);
struct declared_here { int x; } declared_here;
TYPEDEF(declared_here_t, struct declared_here *declared_here_t);
TYPEDEF(declared_there_t, struct declared_there *declared_there_t);
union u { int x; char more[16]; } u;
enum e { E_ONE, E_TWO } e;
TYPEDEF(int_t, unsigned long long int_t);
TYPEDEF(int_now_pointer_t, int *int_now_pointer_t);
TYPEDEF(struct_t, struct a struct_t);
TYPEDEF(struct_now_union_t, union u struct_now_union_t);
typedef unsigned once_t;
TYPEDEF(twice_t, const once_t twice_t);
TYPEDEF(to_struct_t, struct now_struct *to_struct_t);
TYPEDEF(to_union_t, union u *to_union_t);
TYPEDEF(to_pointer_t, char **to_pointer_t);
TYPEDEF(numbers_t, long long numbers_t[3]);
TYPEDEF(pointers_t, int pointers_t[2]);
TYPEDEF(not_array_t, int *not_array_t);
TYPEDEF(void_t, const void *void_t);
TYPEDEF(void_now_int_t, int *void_now_int_t);
TYPEDEF(same_t, long (*same_t)(unsigned, struct now_struct *));
TYPEDEF(fewer_t, int (*fewer_t)(int));
TYPEDEF(argument_t, int (*argument_t)(int, int));
TYPEDEF(result_t, void (*result_t)(int));
TYPEDEF(nothing_t, void (*nothing_t)(void));
TYPEDEF(nested_t, int (*nested_t)(int (*)(int, int)));
typedef long function_t(unsigned);
function_t *the_function_t;
TYPEDEF(float_t, float float_t);
TYPEDEF(behind_t, enum behind { BEHIND_ONE = 0x100000000 } behind_t);
#define STARS4 ****
#define STARS28 STARS4 STARS4 STARS4 STARS4 STARS4 STARS4 STARS4
TYPEDEF(stars31_t, int STARS28 *** stars31_t);
TYPEDEF(stars32_t, int STARS28 STARS4 stars32_t);
#define NAME(number, of) typedef of name##number;
NAME(1, int) NAME(2, name1) NAME(3, name2) NAME(4, name3) NAME(5, name4) NAME(6, name5) NAME(7, name6) NAME(8, name7)
NAME(9, name8) NAME(10, name9) NAME(11, name10) NAME(12, name11) NAME(13, name12) NAME(14, name13) NAME(15, name14)
NAME(16, name15) NAME(17, name16) NAME(18, name17) NAME(19, name18) NAME(20, name19) NAME(21, name20) NAME(22, name21)
NAME(23, name22) NAME(24, name23) NAME(25, name24) NAME(26, name25) NAME(27, name26) NAME(28, name27) NAME(29, name28)
NAME(30, name29) NAME(31, name30) NAME(32, name31)
TYPEDEF(target_name_t, name32 target_name_t);
