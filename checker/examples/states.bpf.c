// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/*
 * Counts in what state tasks leave the processor: still runnable, or waiting for something.
 *
 * Up to Linux 5.13 the state is `long state`, since then `unsigned int __state`. Compiled with -DCARELESS it is read as if there were
 * only the new one: such an object compiles, and loads where it was written, and fails on Debian 11.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
	unsigned int __state;
} __attribute__((preserve_access_index));

/* What is behind three underscores names no other type: it tells this one from the one above. */
struct task_struct___before_5_14 {
	long state;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

static __always_inline long state_of(const struct task_struct *task)
{
#ifndef CARELESS
	const struct task_struct___before_5_14 *old = (const void *)task;

	if (bpf_core_field_exists(old->state))
		return BPF_CORE_READ(old, state);
#endif
	return BPF_CORE_READ(task, __state);
}

SEC("raw_tp/sched_switch")
int count(struct bpf_raw_tracepoint_args *ctx)
{
	/* sched_switch(preempt, prev, next) */
	const struct task_struct *prev = (const void *)ctx->args[1];
	__u32 is_waiting = state_of(prev) != 0;
	__u64 *value = bpf_map_lookup_elem(&counts, &is_waiting);

	if (value)
		__sync_fetch_and_add(value, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
