/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include <linux/audit.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <sys/wait.h>

/*
 * The backend that needs no seccomp: every call stops at its entry and at its exit, and the filter's plan is applied
 * here. The two stops look alike. The kernel says which it is (PTRACE_GET_SYSCALL_INFO, Linux 5.3), where it does not
 * they are counted: a new thread begins outside of a call, an exec's stop lies inside of one.
 */

/* Whether the stop is an entry; and the call's ABI as in linux/audit.h, 0 = not told. */
static bool is_entry(const struct tracee *tracee, uint32_t *ret_arch)
{
	struct __ptrace_syscall_info info;

	*ret_arch = 0;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->tid, sizeof(info), &info) <= 0)
		return !tracee->in_call;
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return false;
	*ret_arch = info.arch;
	return true;
}

/* Where the kernel does not tell: int 0x80 is not the machine's own instruction, and its numbers mean other calls. */
static bool is_foreign_instruction(struct tracer *t, struct tracee *tracee, const struct arch_regs *regs)
{
#if defined(__x86_64__)
	struct memory *memory = tracees_memory(&t->tracees, tracee);
	uint8_t code[2];

	return memory && memory_read(memory, arch_ip(regs) - 2, code, 2) == 0 && code[0] == 0xcd && code[1] == 0x80;
#else
	(void)t, (void)tracee, (void)regs;
	return false;
#endif
}

bool passing_stop(struct tracer *t, struct tracee *tracee)
{
	struct arch_regs regs;
	uint64_t args[6];
	uint32_t arch;
	bool foreign;

	if (!is_entry(tracee, &arch)) {
		tracee->in_call = false;
		return false;
	}
	tracee->in_call = true;
	if (tracee->follow == FOLLOW_BROKEN_OFF) /* it goes on, perhaps as restart_syscall() */
		tracee->follow = FOLLOW_LEAVING;
	if (arch_read(tracee->tid, &regs) < 0)
		return true; /* killed */
	arch_args(&regs, args);
	foreign = arch ? arch != ARCH_AUDIT : is_foreign_instruction(t, tracee, &regs);
	if (foreign || filter_matches(t->filter, arch_number(&regs), args))
		entry_stopped(t, tracee, foreign ? ENTRY_FOREIGN : ENTRY_OURS);
	else
		stops_resume(t, tracee, 0);
	return true;
}

int passing_begin(struct tracer *t)
{
	struct tracee *workload = tracees_find(&t->tracees, t->launch.workload);
	int status;

	/* it waits in a read, which starts again and is the first call that stops */
	if (!workload || ptrace(PTRACE_INTERRUPT, workload->tid, NULL, NULL) < 0)
		return -ECHILD;
	while (waitpid(workload->tid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	if (!WIFSTOPPED(status))
		return -ECHILD;
	workload->stopped = true;
	stops_resume(t, workload, 0);
	return 0;
}
