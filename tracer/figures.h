/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_FIGURES_H
#define MONITOR_TRACER_FIGURES_H

#include <stdint.h>

#include "tracer/calls.h"

/* What interception did to the workload: counts for each system call, and how long the callers waited. */
enum figures_way {
	FIGURES_AT_ENTRY, /* looked at, and let into the kernel */
	FIGURES_ON_BEHALF, /* done in the caller's place */
	FIGURES_TO_RESULT, /* let into the kernel, and its result looked at */
	FIGURES_REFUSED,
	FIGURES_WAYS,
};

/*
 * Buckets of a histogram over ns, eight to each power of two: what is read from it is at most an eighth too large. The
 * last one takes all waits from 18 minutes on.
 */
#define FIGURES_BUCKETS (8 * 38)

struct figures_waits {
	uint64_t buckets[FIGURES_BUCKETS]; /* from catching a call to its (first) answer */
	uint64_t count;
	uint64_t total_ns, max_ns;
};

/* Zero-initialise; by the machine's numbers. */
struct figures {
	uint64_t calls[CALLS_MAX][FIGURES_WAYS]; /* each call once, also when it is notified again */
	struct figures_waits all;
	struct figures_waits *by_call[CALLS_MAX]; /* heap; NULL = none, or memory was short */
};

void figures_count(struct figures *f, long number, enum figures_way way);
void figures_stall(struct figures *f, long number, uint64_t ns);
/* The wait that permille of 1000 waits do not exceed, in ns; 0 when there was none. */
uint64_t figures_quantile(const struct figures_waits *w, unsigned int permille);
void figures_clear(struct figures *f);

#endif
