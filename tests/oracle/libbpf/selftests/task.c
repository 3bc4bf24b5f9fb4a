/* The task that a case finds in a running kernel. The compiler lays it out by the kernel's own types, so that corecheck has no
 * part in it. */
#include "vmlinux.h"

struct task_struct task = {
	.pid = PID,
	.tgid = PID,
	.comm = "test_progs",
	.group_leader = (struct task_struct *)TASK_ADDRESS,
};
