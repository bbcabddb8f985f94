/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_NEAR_H
#define MONITOR_TRACER_NEAR_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

struct tracer;

/* The caller and we on one processor while he takes a descriptor. */
struct near {
	bool possible;
	bool slept; /* before the call at hand came */
	cpu_set_t all; /* what there is for who may run anywhere */
	uint64_t learnt; /* when all was, if again */
	uint64_t rests_until;
	bool on; /* callers are bound: what the trial at hand tries, or the last one has shown */
	unsigned int opens; /* of the trial */
	uint64_t last; /* when the last one of those was */
	struct near_way {
		uint64_t ns, count; /* from one open to the next */
	} together, apart;
};

/* Looks which processors there are. */
void near_begin(struct tracer *t);
/* We waited for what comes next, from since to now. */
void near_waited(struct tracer *t, uint64_t since, uint64_t now);
/* As notify_hand_over() for the pending call; if it holds, it still waits, and fd stays open. */
int near_hand_over(struct tracer *t, int fd, bool cloexec, bool holds);
/* Another thread is about to look at, or to change, where a thread of the workload may run. */
void near_rest(struct tracer *t);

#endif
