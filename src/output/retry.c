/* SPDX-License-Identifier: Apache-2.0 */
#include "output/retry.h"

#include <errno.h>
#include <time.h>

#include "base/limits.h"
#include "base/units.h"

#define TRIES_A_SECOND 10

static bool is_worth_it(const struct output *o, int r, unsigned int tries)
{
	if (r >= 0 || r == -EMSGSIZE || r == -EINVAL || r == -ENOTSUP || r == -ENOMEM)
		return false;
	return !atomic_load(&o->stop) && tries < SYSLOG_RETRY_SECONDS * TRIES_A_SECOND;
}

void retry_note_answer(struct output *o, int r)
{
	if (r != -ENOENT)
		atomic_store(&o->absent, false);
}

int retry_deliver(struct output *o, int (*try_once)(struct output *o, struct error *err), struct error *err)
{
	const struct timespec pause = { .tv_nsec = NS_PER_SECOND / TRIES_A_SECOND };
	int r = try_once(o, err);

	retry_note_answer(o, r);
	for (unsigned int tries = 0; is_worth_it(o, r, tries); tries++) {
		nanosleep(&pause, NULL);
		r = try_once(o, err);
		retry_note_answer(o, r);
	}
	if (r < 0)
		o->failed++;
	else
		o->sent++;
	return r;
}
