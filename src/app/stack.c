/* SPDX-License-Identifier: Apache-2.0 */
#include "app/stack.h"

#include <errno.h>
#include <pthread.h>

#define STACK_NEEDED (256UL << 10) /* a run takes about a third of it */
#define STACK_WANTED (1UL << 20) /* the deepest conditions (RULES_TREE_DEPTH) take three quarters of it */

static struct rlimit given = { RLIM_INFINITY, RLIM_INFINITY };

/* The C library takes their size from the limit, too, as it was when the program began; musl has its own, 128 KiB. */
static void claim_for_threads(void)
{
	pthread_attr_t attributes;
	size_t size;

	if (pthread_getattr_default_np(&attributes) != 0)
		return;
	if (pthread_attr_getstacksize(&attributes, &size) == 0 && size < STACK_WANTED &&
	    pthread_attr_setstacksize(&attributes, STACK_WANTED) == 0)
		pthread_setattr_default_np(&attributes);
	pthread_attr_destroy(&attributes);
}

int stack_claim(struct error *err)
{
	struct rlimit limit;

	claim_for_threads();
	if (getrlimit(RLIMIT_STACK, &limit) < 0)
		return 0;
	given = limit;
	if (limit.rlim_cur >= STACK_WANTED)
		return 0;
	limit.rlim_cur = STACK_WANTED;
	if (limit.rlim_max < STACK_WANTED)
		limit.rlim_max = STACK_WANTED; /* CAP_SYS_RESOURCE */
	if (setrlimit(RLIMIT_STACK, &limit) == 0)
		return 0;
	limit.rlim_cur = limit.rlim_max = given.rlim_max;
	if (setrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur >= STACK_NEEDED)
		return 0;
	return error_set(err, -ENOMEM, "the limit of the stack is %lu KB, the monitor takes %lu (ulimit -s, hard limit)",
			 (unsigned long)given.rlim_max >> 10, STACK_NEEDED >> 10);
}

struct rlimit stack_given(void)
{
	return given;
}
