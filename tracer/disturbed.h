/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_DISTURBED_H
#define MONITOR_TRACER_DISTURBED_H

#include <stdint.h>

struct arch_regs;
struct tracee;
struct tracer;

/* A wait that was let start again because we had broken it off. */
struct disturbed {
	long number;
	uint64_t ip, sp;
	uint64_t limit, until; /* ns */
};

/* A call ended with EINTR at its thread's stop for a signal or for us: where natively it would wait on, it does. */
void disturbed_wait(struct tracer *t, struct tracee *tracee, struct arch_regs *regs, uint64_t now);
/* The thread stops in earnest: such a call has ended. */
void disturbed_stop(struct tracee *tracee, struct arch_regs *regs);

#endif
