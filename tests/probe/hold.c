// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Holds a VFIO group open, as a virtual machine would, and asks for its state over and over. With `container` it puts the group into
 * one first. Ends when it is killed.
 */
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	int container, group;

	if (argc < 2 || (group = open(argv[1], O_RDWR)) < 0) {
		perror("hold");
		return 1;
	}
	if (argc > 2 && !strcmp(argv[2], "container")) {
		container = open("/dev/vfio/vfio", O_RDWR);
		if (container < 0 || ioctl(group, VFIO_GROUP_SET_CONTAINER, &container)) {
			perror("hold: container");
			return 1;
		}
	}
	for (;;) {
		if (ioctl(group, VFIO_GROUP_GET_STATUS, &status))
			perror("hold: status");
		usleep(20000);
	}
}
