/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * What the sample programs share: the way they are asked and the way they answer, and the kernel's small counter types.
 *
 * No kernel header and no vmlinux.h is used, so the objects come out the same on every build machine. The types that
 * are relocated carry preserve_access_index; those of the harness do not: nobody relocates them.
 */
#ifndef VFIO_SAMPLE_H
#define VFIO_SAMPLE_H

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

/* The kernel's counters, with its names and kinds: all of 5.4 to 5.19 have them like this. */
typedef struct {
	int counter;
} RELOCATED atomic_t;

typedef struct refcount_struct {
	atomic_t refs;
} RELOCATED refcount_t;

/* User space writes the address of one struct vfio_group here; 0 means that nothing is asked. */
struct request {
	__u64 group;
};

/* A bit of `answer.read` for each member of `answer` that the program has read. */
enum {
	READ_references = 1 << 0,
	READ_minor = 1 << 1,
	READ_container_users = 1 << 2,
	READ_iommu_group = 1 << 3,
	READ_dev = 1 << 4,
	READ_noiommu = 1 << 5,
	READ_opened = 1 << 6,
};

struct answer {
	__u64 iommu_group; /* address of the IOMMU group */
	__u64 dev; /* address of the group's device */
	__s32 references;
	__s32 minor; /* of the group's character device */
	__s32 container_users;
	__s32 opened; /* how often, or only whether (0 or 1), user space has it open */
	__u32 read;
	__u8 noiommu; /* 0 or 1 */
	__u8 unused[3];
};

enum { ARRAY_MAP = 2 }; /* BPF_MAP_TYPE_ARRAY */

struct {
	__uint(type, ARRAY_MAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct request);
} requests SEC(".maps");

struct {
	__uint(type, ARRAY_MAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct answer);
} answers SEC(".maps");

/* The address to read from, or 0. */
static __always_inline __u64 requested_group(void)
{
	__u32 first = 0;
	struct request *request = bpf_map_lookup_elem(&requests, &first);

	return request ? request->group : 0;
}

static __always_inline struct answer *answer_place(void)
{
	__u32 first = 0;

	return bpf_map_lookup_elem(&answers, &first);
}

/*
 * Reads what stands at `place`, the address of a field of a relocated type, into `member` of the answer. This is a macro
 * so that the relocation belongs to the line that names the field.
 */
#define ask(answer, member, place) \
	do { \
		if (!bpf_core_read(&(answer)->member, sizeof((answer)->member), place)) \
			(answer)->read |= READ_##member; \
	} while (0)

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#endif
