/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that came from answers of a source that does not report all: they hold for the call that asked. */
#include <errno.h>

#include "state/internal.h"

int learnt_add(struct state *s, struct fdtable *fds, int64_t number)
{
	struct learnt *grown;

	if (!s->asks_fds)
		return 0;
	if (s->nlearnt == s->learnt_cap) {
		grown = realloc(s->learnt, (s->learnt_cap * 2 + 8) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		s->learnt = grown;
		s->learnt_cap = s->learnt_cap * 2 + 8;
	}
	s->learnt[s->nlearnt++] = (struct learnt){ fdtable_ref(fds), number };
	return 0;
}

struct fdtable *state_copy_fds(const struct state *s, const struct fdtable *fds)
{
	return s->asks_fds ? fdtable_new() : fdtable_copy(fds);
}

/* In place of a number: all descriptors are told. */
#define ALL_NUMBERS -1

int state_fds_told(struct state *s, int64_t tid)
{
	const struct thread *t = state_thread(s, tid);

	return t ? learnt_add(s, t->fds, ALL_NUMBERS) : 0;
}

bool state_fds_missing(const struct state *s, const struct thread *t)
{
	if (!s->asks_fds)
		return false;
	/* it was the last answer */
	for (size_t i = s->nlearnt; i-- > 0;)
		if (s->learnt[i].number == ALL_NUMBERS && s->learnt[i].fds == t->fds)
			return false;
	return true;
}

void learnt_forget(struct state *s)
{
	while (s->nlearnt) {
		struct learnt *l = &s->learnt[--s->nlearnt];

		fdtable_remove(l->fds, l->number);
		fdtable_unref(l->fds);
	}
}
