/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_EVENT_EXT_H
#define MONITOR_EVENT_EXT_H

#include "event/event.h"

/*
 * The extension record as it travels: an asynchronous event named "monitor" directly before the event that it belongs
 * to, with the same time and thread. Its data is a version byte and records of u8 tag, u32 length, value; readers skip
 * tags that they do not know, so that facts can be added.
 *
 * A source may fill in the record until the event has been judged and its alerts are made (the caller's
 * region and frames are asked for only then): who writes a capture encodes it after that, and puts it before
 * the event.
 */

/*
 * The record that an event has when none is there, in captures that say so: an opened file's real path is the
 * absolute path that the call gave, and nothing else is to be told. False when that is no such event; then
 * nothing at all is to be told.
 */
bool ext_implied(const struct event *ev, struct event_ext *ret_ext);

/* Whether ev carries an extension record. */
bool ext_is(const struct event *ev);

/* Reads the record of ev. Texts borrow from ev. -EBADMSG when it is cut, -ENOTSUP for a newer version. */
int ext_decode(const struct event *ev, struct event_ext *ret_ext, struct error *err);

/* Builds the event that carries ext. -EMSGSIZE when its texts exceed half of EVENT_MAX_BYTES. */
int ext_encode(const struct event_ext *ext, uint64_t ts, int64_t tid, struct event_builder *b, struct event *ret_event,
	       struct error *err);

#endif
