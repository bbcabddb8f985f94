/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_CLOCK_H
#define MONITOR_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* clock_gettime(2) in ns, or in ms. CLOCK_MONOTONIC_COARSE is within some ms and costs next to nothing. */
static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t clock_ms(clockid_t clock)
{
	return clock_ns(clock) / 1000000;
}

#endif
