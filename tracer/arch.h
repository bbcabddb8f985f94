/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_ARCH_H
#define MONITOR_TRACER_ARCH_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>

/* Registers of a stopped thread; arch-<machine>.c knows their layout. */
struct arch_regs {
	struct user_regs_struct user;
	bool compat; /* of a 32-bit program: call numbers are those of its ABI */
};

/* Our own calls, as the kernel names their ABI (linux/audit.h). */
#if defined(__x86_64__)
#define ARCH_AUDIT AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH_AUDIT AUDIT_ARCH_AARCH64
#else
#error "no system call tables for this machine"
#endif

/* What the kernel keeps in the result register of a call that it means to restart. */
#define ARCH_ERESTARTSYS	  512
#define ARCH_ERESTARTNOINTR	  513
#define ARCH_ERESTARTNOHAND	  514
#define ARCH_ERESTART_RESTARTBLOCK 516

static inline bool arch_is_restart(int64_t result)
{
	return result <= -ARCH_ERESTARTSYS && result >= -ARCH_ERESTART_RESTARTBLOCK;
}

/*
 * An address as the kernel takes it from a program: on aarch64 the highest byte may be a tag, for programs that have
 * asked for that. Others get EFAULT there.
 */
static inline uint64_t arch_address(uint64_t address)
{
#if defined(__aarch64__)
	if (!(address >> 55 & 1))
		return address & ~(0xffull << 56);
#endif
	return address;
}

int arch_read(pid_t tid, struct arch_regs *ret_regs); /* 0 or -errno (-ESRCH: killed) */
int arch_write(pid_t tid, const struct arch_regs *regs);

long arch_number(const struct arch_regs *regs); /* of the call the thread is in or comes from; -1 = none */
uint64_t arch_arg(const struct arch_regs *regs, unsigned int i); /* at the entry */
static inline void arch_args(const struct arch_regs *regs, uint64_t ret_args[6])
{
	for (unsigned int i = 0; i < 6; i++)
		ret_args[i] = arch_arg(regs, i);
}
void arch_set_first_arg(struct arch_regs *regs, uint64_t value); /* likewise */
int64_t arch_result(const struct arch_regs *regs); /* at the exit */
uint64_t arch_ip(const struct arch_regs *regs);
uint64_t arch_sp(const struct arch_regs *regs);
void arch_set_result(struct arch_regs *regs, int64_t result);
/* At an entry stop: the call is not executed and returns result. Writes the registers. */
int arch_skip(pid_t tid, struct arch_regs *regs, int64_t result);
/* Whether a call that a signal broke off can be made to restart in a signal-delivery stop by its result register. */
bool arch_can_restart(void);

#endif
