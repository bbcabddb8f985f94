/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/arch.h"

#if defined(__x86_64__) && defined(__LP64__)

#include <errno.h>

int arch_read(pid_t tid, struct arch_regs *ret_regs)
{
	struct iovec iov = { &ret_regs->user, sizeof(ret_regs->user) };

	if (ptrace(PTRACE_GETREGSET, tid, (void *)(uintptr_t)NT_PRSTATUS, &iov) < 0)
		return -errno;
	/* the set is of the program's word size; the older request gives the tracer's */
	ret_regs->compat = iov.iov_len != sizeof(ret_regs->user);
	return ret_regs->compat && ptrace(PTRACE_GETREGS, tid, NULL, &ret_regs->user) < 0 ? -errno : 0;
}

int arch_write(pid_t tid, const struct arch_regs *regs)
{
	struct arch_regs copy = *regs;
	struct iovec iov = { &copy.user, sizeof(copy.user) };

	if (regs->compat)
		return ptrace(PTRACE_SETREGS, tid, NULL, &copy.user) < 0 ? -errno : 0;
	return ptrace(PTRACE_SETREGSET, tid, (void *)(uintptr_t)NT_PRSTATUS, &iov) < 0 ? -errno : 0;
}

long arch_number(const struct arch_regs *regs)
{
	return (int)regs->user.orig_rax; /* the kernel takes no more of it; what stands above is the caller's */
}

uint64_t arch_arg(const struct arch_regs *regs, unsigned int i)
{
	const uint64_t args[6] = { regs->user.rdi, regs->user.rsi, regs->user.rdx,
				   regs->user.r10, regs->user.r8,  regs->user.r9 };

	return i < 6 ? args[i] : 0;
}

void arch_set_first_arg(struct arch_regs *regs, uint64_t value)
{
	regs->user.rdi = value;
}

int64_t arch_result(const struct arch_regs *regs)
{
	return (int64_t)regs->user.rax;
}

uint64_t arch_ip(const struct arch_regs *regs)
{
	return regs->user.rip;
}

uint64_t arch_sp(const struct arch_regs *regs)
{
	return regs->user.rsp;
}

void arch_set_result(struct arch_regs *regs, int64_t result)
{
	regs->user.rax = (uint64_t)result;
}

int arch_skip(pid_t tid, struct arch_regs *regs, int64_t result)
{
	regs->user.orig_rax = (uint64_t)-1;
	arch_set_result(regs, result);
	return arch_write(tid, regs);
}

bool arch_can_restart(void)
{
	return true;
}

#endif
