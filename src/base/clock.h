/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_CLOCK_H
#define MONITOR_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "base/units.h"

static inline uint64_t timespec_ns(struct timespec t)
{
	return (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec;
}

/* clock_gettime(2) in ns, or in ms. CLOCK_MONOTONIC_COARSE is within some ms and costs next to nothing. */
static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return timespec_ns(t);
}

static inline uint64_t clock_ms(clockid_t clock)
{
	return clock_ns(clock) / 1000000;
}

/* The start of the machine on the clock of events. */
static inline uint64_t clock_boot_ns(void)
{
	return clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
}

#endif
