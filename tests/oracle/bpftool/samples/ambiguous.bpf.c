// Asks what two candidates answer differently: libbpf gives up there, and nothing is said of what follows.
struct twin {
	int shared;
} __attribute__((preserve_access_index));

__attribute__((section("kprobe/twin"), used)) int ask(struct twin *twin)
{
	return __builtin_preserve_field_info(twin->shared, 2) + __builtin_preserve_field_info(twin->shared, 0);
}
