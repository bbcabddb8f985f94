/* SPDX-License-Identifier: Apache-2.0 */
/* The enter events that older captures have: kept until their exit event comes. */
#include <errno.h>

#include "state/internal.h"

int parse_store_enter(struct state *s, const struct event *ev, struct subject *sub)
{
	struct thread *t = sub->thread;
	uint8_t *grown;

	(void)s;
	if (!t || (!event_has(ev, 0) && ev->type != EV_SYSCALL_EXECVEAT_E && ev->type != EV_SOCKET_CONNECT_E))
		return 0;
	if (ev->len > EVENT_SMALL_BYTES)
		return 0;
	if (ev->len > t->enter_cap) {
		grown = realloc(t->enter, ev->len);
		if (!grown)
			return -ENOMEM;
		t->enter = grown;
		t->enter_cap = ev->len;
	}
	memcpy(t->enter, ev->bytes, ev->len);
	t->enter_len = ev->len;
	return 0;
}

bool parse_enter_event(struct subject *sub, const struct event *ev, struct event *ret_enter)
{
	struct thread *t = sub->thread;

	if (!t || !t->enter_valid || !t->enter_len)
		return false;
	if (event_read(ret_enter, t->enter, t->enter_len, NULL) < 0)
		return false;
	if (ev->type == EV_SYSCALL_EXECVE_19_X && ret_enter->type == EV_SYSCALL_EXECVEAT_E)
		return true;
	return ret_enter->type == ev->type - 1;
}
