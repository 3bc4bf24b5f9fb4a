// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * The smallest program that looks harmless: it reads only iommu_group, which every struct vfio_group has.
 *
 * One byte_off access. Where the kernel has two different structs of that name (5.4 to 5.13 with the IOMMU type 1 driver
 * built in) both have the member, at different offsets, and libbpf refuses to choose.
 */
#include "vfio_sample.h"

struct iommu_group;

struct vfio_group {
	struct iommu_group *iommu_group;
} RELOCATED;

SEC("raw_tp/sys_enter")
int read_group(void *ctx)
{
	const struct vfio_group *group = (const struct vfio_group *)requested_group();
	struct answer *answer = answer_place();

	if (!group || !answer)
		return 0;

	ask(answer, iommu_group, &group->iommu_group);
	return 0;
}
