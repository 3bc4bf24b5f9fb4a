// The target's types. Together with target_two.bpf.c it has two different structs of the name "twin".
struct inner {
	int level[4];
};

struct subject {
	long first;
	int moved;
	struct inner inner;
	unsigned char pad : 2;
	unsigned char bits : 3;
	unsigned char more_bits : 2;
};

struct twin {
	int shared;
	int only_in_first;
};

enum colour { NONE, BLUE = 9 };
enum wide { WIDE = 0x123456789ULL };
typedef int number;

struct subject subject;
struct twin first_twin;
enum colour colour;
enum wide wide;
number count;
