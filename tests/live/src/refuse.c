/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refuse RULE... -- CMD ARG...: runs CMD where some system calls fail, as in a restricted place or on an older kernel.
 *
 *   CALL=ERRNO             the call fails
 *   CALL:ARG:VALUE=ERRNO   it fails when the low half of argument ARG (0 ..) is VALUE
 *   CALL:ARG:&MASK=ERRNO   it fails when one of the bits of MASK (a single bit) is set there
 *   CALL=KILL              who makes the call is killed
 *   listener               a seccomp listener exists already, as below another supervisor
 *   docker                 what Docker's default profile refuses to a container without capabilities
 *   unlisted=ERRNO what is no call fails, as in a profile that names what is allowed: also the call -1 that
 *   tracers put in place of others
 *   nothing                no rule at all
 *
 * ERRNO is a name (ENOSYS EINVAL EPERM EBUSY EACCES). Calls that this machine has not are left out.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Noreturn void bad(const char *what)
{
	fprintf(stderr, "refuse: %s\n", what);
	exit(125);
}

static int errno_of(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} names[] = {
		{ "ENOSYS", ENOSYS }, { "EINVAL", EINVAL }, { "EPERM", EPERM }, { "EBUSY", EBUSY }, { "EACCES", EACCES }
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i].name))
			return names[i].number;
	bad("not a known errno");
}

static void add_action(scmp_filter_ctx ctx, const char *name, uint32_t action)
{
	int number = seccomp_syscall_resolve_name(name);

	if (number >= 0 && seccomp_rule_add(ctx, action, number, 0) < 0)
		bad("a rule cannot be added");
}

static void add_call(scmp_filter_ctx ctx, const char *name, int error)
{
	add_action(ctx, name, SCMP_ACT_ERRNO((uint32_t)error));
}

static void add_rule(scmp_filter_ctx ctx, char *rule)
{
	char *error = strchr(rule, '='), *arg, *value;
	uint32_t action;
	int number, r;

	if (!error)
		bad("a rule is CALL=ERRNO");
	*error++ = '\0';
	if (!strcmp(error, "KILL")) {
		add_action(ctx, rule, SCMP_ACT_KILL_PROCESS);
		return;
	}
	action = SCMP_ACT_ERRNO((uint32_t)errno_of(error));
	arg = strchr(rule, ':');
	if (!arg) {
		add_call(ctx, rule, errno_of(error));
		return;
	}
	*arg++ = '\0';
	value = strchr(arg, ':');
	if (!value)
		bad("an argument needs a value");
	*value++ = '\0';
	number = seccomp_syscall_resolve_name(rule);
	if (number < 0)
		bad("no such call here");
	if (*value == '&') {
		uint64_t mask = strtoull(value + 1, NULL, 0);

		r = seccomp_rule_add(ctx, action, number, 1,
				     SCMP_CMP64((unsigned int)atoi(arg), SCMP_CMP_MASKED_EQ, mask, mask));
	} else {
		r = seccomp_rule_add(ctx, action, number, 1,
				     SCMP_CMP64((unsigned int)atoi(arg), SCMP_CMP_MASKED_EQ, 0xffffffffu,
						strtoull(value, NULL, 0)));
	}
	if (r < 0)
		bad("a rule cannot be added");
}

/* In effect: administration of the kernel, namespaces, other processes' memory. ptrace is allowed since Linux 4.8. */
static void add_docker(scmp_filter_ctx ctx)
{
	static const char *const refused[] = {
		"acct", "add_key", "bpf", "clock_adjtime", "clock_settime", "create_module", "delete_module",
		"fanotify_init", "finit_module", "fsconfig", "fsmount", "fsopen", "fspick", "get_kernel_syms",
		"init_module", "io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl", "kcmp",
		"kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "mbind", "mount", "mount_setattr",
		"move_mount", "move_pages", "nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open",
		"pidfd_getfd", "pivot_root", "process_madvise", "process_vm_readv", "process_vm_writev",
		"query_module", "quotactl", "reboot", "request_key", "set_mempolicy", "setns", "settimeofday",
		"swapoff", "swapon", "sysfs", "syslog", "umount2", "unshare", "uselib", "userfaultfd", "ustat",
		"vhangup", "vm86", "vm86old",
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		add_call(ctx, refused[i], EPERM);
	add_call(ctx, "clone3", ENOSYS); /* its flags cannot be seen by a filter */
	for (int bit = 0; bit < 32; bit++) {
		uint64_t flag = 1ull << bit;

		/* CLONE_NEW*: namespaces */
		if (flag & 0x7e020000u)
			seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
					 SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));
	}
}

#define BEYOND_CALLS 0x1000 /* numbers of calls are smaller; those of x32 are not, which no program here makes */

static void add_unlisted(int error)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, BEYOND_CALLS, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog fprog = { sizeof(program) / sizeof(program[0]), program };

	if (geteuid() != 0)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &fprog) < 0)
		bad("no filter of calls that are not listed");
}

/* Its descriptor stays open in the command and below: nobody ever answers, and nobody makes the call. */
static void add_listener(void)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xfff, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog fprog = { sizeof(program) / sizeof(program[0]), program };
	int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &fprog);

	/* seccomp made it close-on-exec */
	if (fd < 0 || dup2(fd, 300) != 300)
		bad("no listener");
}

int main(int argc, char **argv)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int i, listener = 0, rules = 0;

	if (!ctx)
		bad("no filter");
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, geteuid() != 0);
	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "listener"))
			listener = 1;
		else if (!strcmp(argv[i], "docker"))
			add_docker(ctx), rules++;
		else if (!strncmp(argv[i], "unlisted=", 9))
			add_unlisted(errno_of(argv[i] + 9));
		else if (strcmp(argv[i], "nothing"))
			add_rule(ctx, argv[i]), rules++;
	}
	if (i + 1 >= argc)
		bad("usage: refuse RULE... -- CMD ARG...");
	if (listener) {
		if (geteuid() != 0)
			prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		add_listener();
	}
	/* last: it may refuse seccomp itself */
	if (rules && seccomp_load(ctx) < 0)
		bad("the filter cannot be installed");
	execvp(argv[i + 1], argv + i + 1);
	perror(argv[i + 1]);
	return 127;
}
