// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Finds the VFIO groups that processes have open, without opening any: the file of /dev/vfio/N holds its struct vfio_group
 * (private_data). Tells where each lies, so that the sample programs can read it, and what tells which one it is.
 *
 * - `see_file` is called for every open file of every task (Linux 5.8 and newer).
 * - `see_ioctl` is for kernels before: it sees the groups whose owners use them while it is attached.
 *
 * Neither changes anything. No kernel header is used: all that is read is relocated, and each read stands behind a check.
 */
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef _Bool bool;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define RELOCATED __attribute__((preserve_access_index))

typedef __u32 __kernel_dev_t;
typedef __kernel_dev_t dev_t;
typedef unsigned short umode_t;

struct seq_file;
struct vfio_container;

struct inode {
	umode_t i_mode;
	dev_t i_rdev;
} RELOCATED;

struct file {
	struct inode *f_inode;
	void *private_data;
} RELOCATED;

struct task_struct {
	int tgid;
} RELOCATED;

struct bpf_iter_meta {
	struct seq_file *seq;
} RELOCATED;

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
} RELOCATED;

struct pt_regs;

/* Where the first argument of a function is. */
struct pt_regs___amd64 {
	unsigned long di;
} RELOCATED;

struct pt_regs___arm64 {
	__u64 regs[31];
} RELOCATED;

struct kobject {
	const char *name;
} RELOCATED;

struct device {
	struct kobject kobj;
	dev_t devt;
} RELOCATED;

struct iommu_group {
	int id;
} RELOCATED;

struct vfio_group {
	struct iommu_group *iommu_group;
	struct vfio_container *container;
} RELOCATED;

/* Up to 5.15 the device is elsewhere, then it is a part of the group. */
struct vfio_group___pointing {
	struct vfio_container *container;
	struct device *dev;
} RELOCATED;

struct vfio_group___embedding {
	struct vfio_container *container;
	struct device dev;
} RELOCATED;

/* A bit of `open_group.read` for each that was read. */
enum {
	READ_iommu_group = 1 << 0,
	READ_container = 1 << 1,
	READ_id = 1 << 2,
	READ_devt = 1 << 3,
	READ_name = 1 << 4,
};

struct open_group {
	__u64 group; /* addresses */
	__u64 file;
	__u64 iommu_group;
	__u64 container;
	__u32 tgid; /* who has it open; 0 when that is not told */
	__u32 fd;
	__u32 rdev; /* the device file's number: 12 bits of major, 20 of minor */
	__u32 devt; /* the group's own device's */
	__s32 id; /* of the IOMMU group */
	__u32 read;
	char name[32]; /* of the group's device, ends with 0 */
};

enum { HASH_MAP = 1, ARRAY_MAP = 2 }; /* BPF_MAP_TYPE_* */

/* User space writes the major number of VFIO's group devices here. */
struct {
	__uint(type, ARRAY_MAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} majors SEC(".maps");

/* What `see_ioctl` saw, by the group's address. */
struct {
	__uint(type, HASH_MAP);
	__uint(max_entries, 256);
	__type(key, __u64);
	__type(value, struct open_group);
} seen SEC(".maps");

#define S_IFMT 0170000
#define S_IFCHR 0020000

/* Whether it is the file of a group, and then what is known of it. */
static __always_inline bool look_at(const struct file *file, struct open_group *found)
{
	__u32 first = 0;
	__u64 *major = bpf_map_lookup_elem(&majors, &first);
	const struct inode *inode = 0;
	umode_t mode = 0;
	void *private = 0;

	if (!major || !file)
		return 0;
	if (!bpf_core_field_exists(file->f_inode) || !bpf_core_field_exists(file->private_data))
		return 0;
	if (bpf_core_read(&inode, sizeof(inode), &file->f_inode) || !inode)
		return 0;
	if (bpf_core_read(&mode, sizeof(mode), &inode->i_mode) || (mode & S_IFMT) != S_IFCHR)
		return 0;
	if (bpf_core_read(&found->rdev, sizeof(found->rdev), &inode->i_rdev) || found->rdev >> 20 != *major)
		return 0;
	if (bpf_core_read(&private, sizeof(private), &file->private_data) || !private)
		return 0;
	found->file = (__u64)file;
	found->group = (__u64)private;
	return 1;
}

#define ask(found, member, bit, place) \
	do { \
		if (!bpf_core_read(&(found)->member, sizeof((found)->member), place)) \
			(found)->read |= READ_##bit; \
	} while (0)

static __always_inline void look_into_device(const struct device *device, struct open_group *found)
{
	const char *name = 0;

	ask(found, devt, devt, &device->devt);
	if (!bpf_core_read(&name, sizeof(name), &device->kobj.name) && name) {
		if (bpf_core_read_str(found->name, sizeof(found->name), name) > 0)
			found->read |= READ_name;
	}
}

/* `container` is asked for first: up to 5.13 there may be another struct of the same name, which has none. */
static __always_inline void look_into(struct open_group *found)
{
	const struct vfio_group *group = (const void *)found->group;
	const struct vfio_group___pointing *pointing = (const void *)found->group;
	const struct vfio_group___embedding *embedding = (const void *)found->group;

	if (bpf_core_field_exists(group->container))
		ask(found, container, container, &group->container);
	if (bpf_core_field_exists(group->iommu_group)) {
		ask(found, iommu_group, iommu_group, &group->iommu_group);
		if (found->iommu_group && bpf_core_field_exists(((struct iommu_group *)0)->id)) {
			const struct iommu_group *iommu_group = (const void *)found->iommu_group;

			ask(found, id, id, &iommu_group->id);
		}
	}
	if (bpf_core_field_exists(pointing->container) && bpf_core_field_exists(pointing->dev)) {
		const struct device *device = 0;

		if (!bpf_core_read(&device, sizeof(device), &pointing->dev) && device)
			look_into_device(device, found);
	}
	if (bpf_core_field_exists(embedding->container) && bpf_core_field_exists(embedding->dev))
		look_into_device(__builtin_preserve_access_index(&embedding->dev), found);
}

SEC("iter/task_file")
int see_file(struct bpf_iter__task_file *ctx)
{
	const struct task_struct *task = ctx->task;
	const struct file *file = ctx->file;
	struct open_group found;

	/* Behind the last one there is neither. */
	if (!task || !file)
		return 0;
	__builtin_memset(&found, 0, sizeof(found));
	if (!look_at(file, &found))
		return 0;
	bpf_core_read(&found.tgid, sizeof(found.tgid), &task->tgid);
	found.fd = ctx->fd;
	look_into(&found);
	bpf_seq_write(ctx->meta->seq, &found, sizeof(found));
	return 0;
}

SEC("kprobe/vfio_group_fops_unl_ioctl")
int see_ioctl(struct pt_regs *ctx)
{
	const struct pt_regs___amd64 *amd64 = (const void *)ctx;
	const struct pt_regs___arm64 *arm64 = (const void *)ctx;
	const struct file *file = 0;
	struct open_group found;

	if (bpf_core_field_exists(amd64->di))
		bpf_core_read(&file, sizeof(file), &amd64->di);
	else if (bpf_core_field_exists(arm64->regs[0]))
		bpf_core_read(&file, sizeof(file), &arm64->regs[0]);
	__builtin_memset(&found, 0, sizeof(found));
	if (!look_at(file, &found))
		return 0;
	found.tgid = bpf_get_current_pid_tgid() >> 32;
	look_into(&found);
	bpf_map_update_elem(&seen, &found.group, &found, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
