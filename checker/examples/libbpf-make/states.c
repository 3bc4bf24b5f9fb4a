// SPDX-License-Identifier: MIT OR Apache-2.0
/* Counts for a second in what state tasks leave the processor. */
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "states.skel.h"

int main(void)
{
	struct states *states = states__open_and_load();
	unsigned long long counts[2] = {0, 0};
	int status = 1;

	if (!states) {
		perror("states: cannot be loaded");
		return 1;
	}
	if (states__attach(states)) {
		perror("states: cannot be attached");
		goto out;
	}
	sleep(1);
	for (unsigned int state = 0; state < 2; state++)
		bpf_map_lookup_elem(bpf_map__fd(states->maps.counts), &state, &counts[state]);
	printf("%llu left the processor runnable, %llu waiting\n", counts[0], counts[1]);
	status = 0;
out:
	states__destroy(states);
	return status;
}
