/* SPDX-License-Identifier: Apache-2.0 */
#include "app/answers.h"

#include <errno.h>

struct answer {
	struct event *event;
	uint64_t call;
	struct answer *next;
};

/* Takes out the one behind before, or the first. */
static struct answer *cut(struct answers *a, struct answer *before)
{
	struct answer *out = before ? before->next : a->first;

	if (before)
		before->next = out->next;
	else
		a->first = out->next;
	if (a->last == out)
		a->last = before;
	a->bytes -= out->event->len;
	return out;
}

static void answer_free(struct answer *x)
{
	free(x->event);
	free(x);
}

int answers_hold(struct answers *a, const struct event *ev, uint64_t call)
{
	struct answer *x = calloc(1, sizeof(*x));

	if (x)
		x->event = event_copy(ev);
	if (!x || !x->event) {
		free(x);
		return -ENOMEM;
	}
	x->call = call;
	if (a->last)
		a->last->next = x;
	else
		a->first = x;
	a->last = x;
	a->bytes += ev->len;
	while (call && a->bytes > ANSWERS_HELD_BYTES && a->first != x)
		answer_free(cut(a, NULL));
	return 0;
}

int answers_take(struct answers *a, uint64_t call, source_sink sink, void *context)
{
	struct answer *before = NULL, *x = a->first;
	int r = 0;

	while (x) {
		struct answer *next = x->next;

		if (x->call == call) {
			cut(a, before);
			if (r >= 0)
				r = sink(context, x->event);
			answer_free(x);
		} else {
			before = x;
		}
		x = next;
	}
	return r;
}

void answers_drop_of(struct answers *a, int64_t tid)
{
	struct answer *before = NULL, *x = a->first;

	while (x) {
		struct answer *next = x->next;

		/* the process is in the upper half */
		if ((x->event->tid & UINT32_MAX) == tid)
			answer_free(cut(a, before));
		else
			before = x;
		x = next;
	}
}

void answers_free(struct answers *a)
{
	while (a->first)
		answer_free(cut(a, NULL));
}
