/* Stands in for the header of the kernel's test runner, so that its table of cases can be compiled and printed. Only what
 * prepares a case is ever called; the rest is there to be compiled. */
#pragma once
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* A case that cannot be prepared would be one without expectations. */
static inline bool holds(bool is_so, const char *what)
{
	if (!is_so) {
		fprintf(stderr, "a case cannot be prepared: %s\n", what);
		exit(1);
	}
	return true;
}

#define CHECK(condition, tag, ...) (!holds(!(condition), tag))
#define CHECK_FAIL(condition) CHECK(condition, #condition)
#define ASSERT_OK_PTR(pointer, tag) holds(!libbpf_get_error(pointer), tag)
#define ASSERT_OK(result, tag) holds((result) == 0, tag)
#define ASSERT_FALSE(value, tag) holds(!(value), tag)
#define ASSERT_GE(one, other, tag) holds((one) >= (other), tag)
#define ARRAY_SIZE(array) (sizeof(array) / sizeof(*(array)))

static struct {
	bool has_testmod;
} env;

static inline bool test__start_subtest(const char *name)
{
	return name;
}

static inline void test__skip(void)
{
}

/* How much a case has its module read. */
static int read_length = -1;

static inline int trigger_module_test_read(int length)
{
	read_length = length;
	return 0;
}
