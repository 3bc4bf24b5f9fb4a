// Asks one question of each CO-RE relocation kind, so that kinds.log shows how bpftool words each of them.
#define preserve __attribute__((preserve_access_index))
#define section(name) __attribute__((section(name), used))

enum field_info { BYTE_OFF, BYTE_SZ, EXISTS, SIGNED, LSHIFT, RSHIFT };

struct inner {
	int level[4];
} preserve;

struct subject {
	int moved;
	struct inner inner;
	int gone;
	unsigned char bits : 3;
	unsigned char more_bits : 2;
} preserve;

struct nobody {
	int field;
} preserve;

struct twin___local {
	int only_in_second;
} preserve;

enum colour { RED = 1, BLUE = 7 };
enum wide { WIDE = 0x123456789ULL };
typedef int number;

section("kprobe/fields") int fields(struct subject *subject)
{
	return __builtin_preserve_field_info(subject->moved, BYTE_OFF) +
	       __builtin_preserve_field_info(subject->inner.level[2], BYTE_OFF) +
	       __builtin_preserve_field_info(subject->gone, BYTE_OFF) +
	       __builtin_preserve_field_info(subject->gone, EXISTS) +
	       __builtin_preserve_field_info(subject->moved, EXISTS);
}

section("kprobe/bits") int bits(struct subject *subject)
{
	return __builtin_preserve_field_info(subject->more_bits, BYTE_OFF) +
	       __builtin_preserve_field_info(subject->more_bits, BYTE_SZ) +
	       __builtin_preserve_field_info(subject->more_bits, SIGNED) +
	       __builtin_preserve_field_info(subject->more_bits, LSHIFT) +
	       __builtin_preserve_field_info(subject->more_bits, RSHIFT);
}

section("tp_btf/types") int types(void *ctx)
{
	return __builtin_btf_type_id(*(struct subject *)0, 0) + __builtin_btf_type_id(*(struct subject *)0, 1) +
	       __builtin_preserve_type_info(*(struct subject *)0, 0) +
	       __builtin_preserve_type_info(*(struct subject *)0, 1) +
	       __builtin_preserve_type_info(*(struct subject *)0, 2) +
	       __builtin_preserve_type_info(*(number *)0, 0) +
	       __builtin_preserve_type_info(*(struct nobody *)0, 1);
}

section("tp_btf/enums") unsigned long enums(void *ctx)
{
	return __builtin_preserve_enum_value(*(enum colour *)BLUE, 0) +
	       __builtin_preserve_enum_value(*(enum colour *)RED, 0) +
	       __builtin_preserve_enum_value(*(enum colour *)BLUE, 1) +
	       __builtin_preserve_enum_value(*(enum wide *)WIDE, 1);
}

// Two candidates of which one matches.
section("kprobe/fields.too") int pruned(struct twin___local *twin)
{
	return __builtin_preserve_field_info(twin->only_in_second, BYTE_OFF);
}
