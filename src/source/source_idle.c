/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "source/source.h"

/* Nothing ever happens: the program stays, with its outputs and whatever else it serves, until it is told to stop. */

#define IDLE_MS 200

static int idle_next(struct source *source, struct event *ret_event, struct error *err)
{
	(void)source;
	(void)ret_event;
	(void)err;
	(void)poll(NULL, 0, IDLE_MS); /* a signal ends it */
	return 0;
}

static void idle_close(struct source *source)
{
	free(source);
}

static const struct source_ops idle_ops = {
	.name = "nodriver",
	.next = idle_next,
	.close = idle_close,
};

int source_idle_open(struct source **ret_source, struct error *err)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s)
		return error_set(err, -ENOMEM, "out of memory");
	s->ops = &idle_ops;
	*ret_source = s;
	return 0;
}
