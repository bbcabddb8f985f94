/* SPDX-License-Identifier: Apache-2.0 */
#include "output/retry.h"

#include <errno.h>
#include <time.h>

#include "base/limits.h"

#define TRIES_A_SECOND 10

bool retry_later(const struct output *o, int r, unsigned int *tries)
{
	const struct timespec pause = { .tv_nsec = 1000000000 / TRIES_A_SECOND };

	if (r >= 0 || r == -EMSGSIZE || r == -EINVAL || r == -ENOTSUP || r == -ENOMEM)
		return false;
	if (atomic_load(&o->stop) || *tries >= SYSLOG_RETRY_SECONDS * TRIES_A_SECOND)
		return false;
	(*tries)++;
	nanosleep(&pause, NULL);
	return true;
}
