/* What the module bpf_testmod passes to its tracepoint, and with that its types. */
#include "vmlinux.h"
#include "bpf_testmod/bpf_testmod.h"

struct bpf_testmod_test_read_ctx read_ctx = {
	.len = READ_LENGTH,
};
