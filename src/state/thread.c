/* SPDX-License-Identifier: Apache-2.0 */
#include "state/thread.h"

#include "state/fdtable.h"
#include "state/threads.h"

struct thread *thread_leader(struct thread *t)
{
	return t->leader ? t->leader : t;
}

struct str thread_cwd(struct thread *t)
{
	return t->leader ? rstr_str(t->leader->cwd) : STR("./");
}

struct fd *thread_fd(struct thread *t, int64_t number)
{
	return fdtable_get(t->fds, number);
}

int thread_each_fd(struct thread *t, int (*visit)(void *context, struct fd *fd), void *context)
{
	return fdtable_each_hashed(t->fds, visit, context);
}

size_t thread_fd_count(const struct thread *t)
{
	return t->leader ? t->leader->fds->count : 0;
}

uint64_t thread_count(const struct thread *t)
{
	return t->group ? t->group->alive : 0;
}

uint64_t thread_count_others(const struct thread *t)
{
	if (!t->group)
		return 0;
	return t->group->alive - (t->leader && !t->leader->dead && t->group->alive ? 1 : 0);
}
