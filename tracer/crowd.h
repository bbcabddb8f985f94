/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_CROWD_H
#define MONITOR_TRACER_CROWD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct tracer;

/* Whether calls come one at a time, or wait for us one behind the other: who is then woken up where. */
struct crowd {
	bool many; /* calls wait for us one behind the other: callers are not woken up on our processor */
	bool again; /* the call at hand is of the thread that the one before was of */
	bool others; /* more calls waited when the one at hand was received */
	bool fixed; /* the kernel leaves no choice */
	unsigned int calls; /* in a row: in the crowd, or with others behind them */
	unsigned int single; /* in a row without others behind them */
	unsigned int patience; /* so many of the latter make a crowd */
	pid_t last; /* caller */
	int loads; /* /proc/loadavg; -1 = not to be had */
	unsigned int running; /* threads of the machine, as of asked */
	uint64_t asked;
};

/* The listener is there. */
void crowd_begin(struct tracer *t);
/* A call of the thread has been received: from here on t->crowd.others tells whether more wait. */
void crowd_received(struct tracer *t, pid_t tid);
/* No call waits. */
void crowd_is_away(struct tracer *t);
/* The call at hand is answered by a descriptor: the flag has no say in where its caller goes on. */
void crowd_injects(struct tracer *t);
/* How many threads of the machine run, we among them, as of a moment ago; UINT_MAX where that cannot be known. */
unsigned int crowd_running(struct tracer *t);

#endif
