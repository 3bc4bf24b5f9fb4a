/* Prints the kernel's table of cases, as its own source has it: one line a case, its fields apart by tabs.
 *
 *     case variant object target program fails bpftool input output
 *
 * Runs in the folder of the compiled programs and targets. The variant is `whole`, with the target as it is, or `least`, with
 * the least BTF that bpftool makes of it for the object, for those cases that the kernel runs so too. A target of `-` is the
 * kernel, `module` the kernel with the module bpf_testmod. `bpftool` says whether bpftool can make that least BTF: `ok`,
 * `fails`, or `-` where it is not asked. Bytes are hexadecimal, and `-` for none.
 *
 * The first line says where in the programs' data things lie: `data in out skip my_pid_tgid`, in bytes.
 *
 * With the argument `read-length` it prints how much the cases of a module have it read. */
#include "prog_tests/core_reloc.c"

static void print_bytes(const char *bytes, int length)
{
	putchar('\t');
	if (!length)
		putchar('-');
	for (int i = 0; i < length; i++)
		printf("%02x", (unsigned char)bytes[i]);
}

/* The expectations of some cases name types by their ids in the target, so they are prepared for each target anew. */
static void print_case(const struct core_reloc_test_case *which, const char *variant, const char *target,
		       const char *bpftool)
{
	struct core_reloc_test_case one = *which;
	const char *shown = target ? target : one.needs_testmod ? "module" : "-";

	one.btf_src_file = target;
	if (one.setup && one.setup(&one))
		exit(1);
	printf("%s\t%s\t%s\t%s\t%s\t%d\t%s", one.case_name, variant, one.bpf_obj_file, shown, one.prog_name,
	       one.fails, bpftool);
	print_bytes(one.input, one.input_len);
	print_bytes(one.output, one.output_len);
	putchar('\n');
}

static int print_read_length(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(test_cases); i++)
		if (test_cases[i].trigger && test_cases[i].trigger(&test_cases[i]))
			return 1;
	printf("%d\n", read_length);
	return read_length < 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "read-length"))
		return print_read_length();
	printf("data\t%zu\t%zu\t%zu\t%zu\n", offsetof(struct data, in), offsetof(struct data, out),
	       offsetof(struct data, skip), offsetof(struct data, my_pid_tgid));
	for (size_t i = 0; i < ARRAY_SIZE(test_cases); i++) {
		const struct core_reloc_test_case *one = &test_cases[i];
		char least[64], command[4096];
		bool is_made;

		if (!one->btf_src_file) {
			print_case(one, "whole", NULL, "-");
			continue;
		}
		snprintf(least, sizeof(least), "least-%zu.btf", i);
		snprintf(command, sizeof(command), "bpftool gen min_core_btf %s %s %s >/dev/null 2>&1",
			 one->btf_src_file, least, one->bpf_obj_file);
		is_made = system(command) == 0;
		print_case(one, "whole", one->btf_src_file, is_made ? "ok" : "fails");
		if (!one->run_btfgen_fails)
			print_case(one, "least", is_made ? least : "least-is-missing", "-");
	}
	return 0;
}
