/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_EVENT_EVENT_TEXT_H
#define MONITOR_EVENT_EVENT_TEXT_H

#include "event/event.h"

/*
 * An event in one line, for tests and for eyes:
 *
 *	TS TID NAME [@cpu=N] [@flags=N] param=value ...
 *
 * TS is epoch ns. NAME is the event's name for its current type (the exit of a call), or NAME/NUMBER for any other type
 * of that name. Parameters have the names of events.def and may stand in any order; those that are missing are absent.
 * A value is
 *	NA		absent				?	unknown: makes the event provisional
 *	-100, 0x1f	an integer, or names of its flag set: O_RDWR|O_CREAT
 *	inet:1.2.3.4:80  inet6:[::1]:80  unix:/path	an address
 *	inet:1.2.3.4:5->6.7.8.9:80  inet6:[::1]:5->[::2]:80  unix:0x1->0x2:/path	a tuple
 *	word or "quoted text"	text (the NUL at its end is implied); escapes \n \t \\ \" \xHH
 *	b"bytes"	verbatim, without an implied NUL
 */
void event_text_print(struct strbuf *out, const struct event *ev);

/* Builds the event of a line. -EINVAL with the place of the fault. */
int event_text_parse(struct event_builder *b, struct str line, struct event *ret_event, struct error *err);

/* The type that a bare name stands for, or -1. */
int event_text_type(struct str name);

#endif
