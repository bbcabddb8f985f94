/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers do with the descriptor that an event is about. */
#include <errno.h>

#include "state/internal.h"

struct fd *subject_own_fd(struct subject *sub)
{
	if (sub->fd && sub->fd->refs > 1)
		sub->fd = fdtable_own(sub->thread->fds, sub->fd->number);
	return sub->fd;
}

int subject_put_fd(struct state *s, struct subject *sub, struct fd *fd)
{
	uint32_t before = sub->thread->fds->count;
	int r;

	sub->fd = NULL;
	if (!fd)
		return -ENOMEM;
	sub->thread->lastevent_fd = fd->number;
	r = fdtable_put(sub->thread->fds, fd);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		s->fds_dropped++;
		return 0;
	}
	s->fds_added += sub->thread->fds->count - before;
	sub->fd = fd;
	/* where closes are not reported, the number may stand for another file by the next call that uses it */
	return learnt_add(s, sub->thread->fds, fd->number);
}

struct fd *subject_scratch(struct state *s, struct fd *fd)
{
	fd_unref(s->scratch);
	s->scratch = fd;
	s->pending = true;
	return fd;
}
