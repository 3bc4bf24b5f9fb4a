// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * What somebody wrote against Linux 5.4: it takes for granted that every kernel has the members that 5.4 has.
 *
 * Seven byte_off accesses through one local type, in the order below, and no guard. The first one names a member that
 * only VFIO's own struct vfio_group has; so on 5.4 to 5.13 libbpf forgets the second struct of that name before it gets
 * to iommu_group.
 */
#include "vfio_sample.h"

struct device;
struct iommu_group;

struct kref {
	refcount_t refcount;
} RELOCATED;

struct vfio_group {
	struct kref kref;
	int minor;
	atomic_t container_users;
	struct iommu_group *iommu_group;
	struct device *dev;
	atomic_t opened;
	bool noiommu;
} RELOCATED;

SEC("raw_tp/sys_enter")
int read_group(void *ctx)
{
	const struct vfio_group *group = (const struct vfio_group *)requested_group();
	struct answer *answer = answer_place();

	if (!group || !answer)
		return 0;

	ask(answer, references, &group->kref.refcount.refs.counter);
	ask(answer, minor, &group->minor);
	ask(answer, container_users, &group->container_users.counter);
	ask(answer, iommu_group, &group->iommu_group);
	ask(answer, dev, &group->dev);
	ask(answer, noiommu, &group->noiommu);
	ask(answer, opened, &group->opened.counter);
	return 0;
}
