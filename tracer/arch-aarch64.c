/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/arch.h"

#if defined(__aarch64__)

#include <errno.h>

int arch_read(pid_t tid, struct arch_regs *ret_regs)
{
	struct iovec iov = { &ret_regs->user, sizeof(ret_regs->user) };

	if (ptrace(PTRACE_GETREGSET, tid, (void *)(uintptr_t)NT_PRSTATUS, &iov) < 0)
		return -errno;
	ret_regs->compat = iov.iov_len != sizeof(ret_regs->user);
	return 0;
}

int arch_write(pid_t tid, const struct arch_regs *regs)
{
	struct arch_regs copy = *regs;
	struct iovec iov = { &copy.user, sizeof(copy.user) };

	return ptrace(PTRACE_SETREGSET, tid, (void *)(uintptr_t)NT_PRSTATUS, &iov) < 0 ? -errno : 0;
}

long arch_number(const struct arch_regs *regs)
{
	return (int)regs->user.regs[8];
}

/* At the exit x0 is the result: callers that need the first argument then keep it from the entry. */
uint64_t arch_arg(const struct arch_regs *regs, unsigned int i)
{
	return i < 6 ? regs->user.regs[i] : 0;
}

void arch_set_first_arg(struct arch_regs *regs, uint64_t value)
{
	regs->user.regs[0] = value;
}

int64_t arch_result(const struct arch_regs *regs)
{
	return (int64_t)regs->user.regs[0];
}

uint64_t arch_ip(const struct arch_regs *regs)
{
	return regs->user.pc;
}

uint64_t arch_sp(const struct arch_regs *regs)
{
	return regs->user.sp;
}

void arch_set_result(struct arch_regs *regs, int64_t result)
{
	regs->user.regs[0] = (uint64_t)result;
}

int arch_skip(pid_t tid, struct arch_regs *regs, int64_t result)
{
	int none = -1;
	struct iovec iov = { &none, sizeof(none) };

	/* the number has a register set of its own; x8 alone would not be looked at again */
	if (ptrace(PTRACE_SETREGSET, tid, (void *)(uintptr_t)NT_ARM_SYSTEM_CALL, &iov) < 0)
		return -errno;
	if (regs->compat) /* another layout; the kernel's own result of a skipped call is ENOSYS */
		return 0;
	arch_set_result(regs, result);
	return arch_write(tid, regs);
}

/* The kernel decides on the restart before the signal-delivery stop, and compares the program counter afterwards. */
bool arch_can_restart(void)
{
	return false;
}

#endif
