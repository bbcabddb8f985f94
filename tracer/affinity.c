/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/affinity.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

static int set(pid_t tid, const cpu_set_t *processors)
{
	return sched_setaffinity(tid, sizeof(*processors), processors) < 0 ? -errno : 0;
}

int affinity_widen(pid_t tid)
{
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	return set(tid, &all);
}

int affinity_bind(pid_t tid, unsigned int processor)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(processor, &one);
	return set(tid, &one);
}

int affinity_release(pid_t tid, unsigned int processor)
{
	cpu_set_t now;

	if (sched_getaffinity(tid, sizeof(now), &now) < 0)
		return -errno;
	return CPU_COUNT(&now) == 1 && CPU_ISSET(processor, &now) ? affinity_widen(tid) : 0;
}
