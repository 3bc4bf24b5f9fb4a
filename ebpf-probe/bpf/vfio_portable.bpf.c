// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * The questions of vfio_naive, asked so that the program loads everywhere and answers rightly on both generations:
 * up to 5.15 (reference count in a kref, a pointer to the device) and 5.19 (the device embedded).
 *
 * - Each generation has a flavour of its own, and each read stands behind a check of the very same field. A member that
 *   changed its kind (`dev`, `container_users`) does not exist for the flavour of the other generation.
 * - Up to 5.13 a kernel may have two different structs of this name. Only VFIO's own has `container`. Asking for
 *   it first, in every flavour, makes libbpf forget the other one for all that follows through that flavour. The order
 *   matters, and one flavour does not help another.
 */
#include "vfio_sample.h"

struct file;
struct iommu_group;
struct vfio_container;

struct kref {
	refcount_t refcount;
} RELOCATED;

typedef __u32 __kernel_dev_t;
typedef __kernel_dev_t dev_t;

struct device {
	dev_t devt;
} RELOCATED;

/*
 * Compared by value. Relocating VFIO_NO_IOMMU would ask about a second type; the value has been 2 ever since there is
 * such an enum.
 */
enum vfio_group_type {
	VFIO_IOMMU,
	VFIO_EMULATED_IOMMU,
	VFIO_NO_IOMMU,
};

#define MINOR_MASK ((1u << 20) - 1)

/* Equal in both generations. */
struct vfio_group {
	struct iommu_group *iommu_group;
	struct vfio_container *container;
} RELOCATED;

struct vfio_group___counted {
	struct kref kref;
	int minor;
	atomic_t container_users;
	struct vfio_container *container;
	struct device *dev;
	atomic_t opened;
	bool noiommu;
} RELOCATED;

struct vfio_group___embedding {
	struct device dev;
	refcount_t users;
	unsigned int container_users;
	struct vfio_container *container;
	enum vfio_group_type type;
	struct file *opened_file;
} RELOCATED;

SEC("raw_tp/sys_enter")
int read_group(void *ctx)
{
	__u64 address = requested_group();
	const struct vfio_group *group = (const void *)address;
	const struct vfio_group___counted *counted = (const void *)address;
	const struct vfio_group___embedding *embedding = (const void *)address;
	struct answer *answer = answer_place();

	if (!address || !answer)
		return 0;

	if (bpf_core_field_exists(group->container)) {
		if (bpf_core_field_exists(group->iommu_group))
			ask(answer, iommu_group, &group->iommu_group);
	}

	if (bpf_core_field_exists(counted->container)) {
		if (bpf_core_field_exists(counted->kref.refcount.refs.counter))
			ask(answer, references, &counted->kref.refcount.refs.counter);
		if (bpf_core_field_exists(counted->minor))
			ask(answer, minor, &counted->minor);
		if (bpf_core_field_exists(counted->container_users.counter))
			ask(answer, container_users, &counted->container_users.counter);
		if (bpf_core_field_exists(counted->dev))
			ask(answer, dev, &counted->dev);
		if (bpf_core_field_exists(counted->noiommu))
			ask(answer, noiommu, &counted->noiommu);
		if (bpf_core_field_exists(counted->opened.counter))
			ask(answer, opened, &counted->opened.counter);
	}

	if (bpf_core_field_exists(embedding->container)) {
		if (bpf_core_field_exists(embedding->users.refs.counter))
			ask(answer, references, &embedding->users.refs.counter);
		if (bpf_core_field_exists(embedding->dev.devt)) {
			ask(answer, minor, &embedding->dev.devt);
			answer->minor &= MINOR_MASK;
		}
		if (bpf_core_field_exists(embedding->container_users))
			ask(answer, container_users, &embedding->container_users);
		if (bpf_core_field_exists(embedding->dev)) {
			/* Not a pointer any more: the device is a part of the group. */
			answer->dev = (__u64)__builtin_preserve_access_index(&embedding->dev);
			answer->read |= READ_dev;
		}
		if (bpf_core_field_exists(embedding->type)) {
			enum vfio_group_type type;

			if (!bpf_core_read(&type, sizeof(type), &embedding->type)) {
				answer->noiommu = type == VFIO_NO_IOMMU;
				answer->read |= READ_noiommu;
			}
		}
		if (bpf_core_field_exists(embedding->opened_file)) {
			struct file *file;

			if (!bpf_core_read(&file, sizeof(file), &embedding->opened_file)) {
				answer->opened = file != 0;
				answer->read |= READ_opened;
			}
		}
	}
	return 0;
}
