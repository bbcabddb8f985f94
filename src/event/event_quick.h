/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_EVENT_EVENT_QUICK_H
#define MONITOR_EVENT_EVENT_QUICK_H

#include "base/bytes.h"
#include "event/event.h"
#include "event/event_wire.h"

/*
 * event_read() for the reading loop of a source: inline, for the usual case, without messages. The caller has
 * looked at the header: of a known type with 16-bit lengths, no more parameters than that has. The lengths
 * are readable, even where they reach beyond len. False when they do not sum up to len: then event_read() has
 * the message.
 */
static inline bool event_read_quick(struct event *ret_event, const uint8_t *bytes, uint32_t len, uint16_t type,
				    uint32_t nparams)
{
	const uint8_t *lengths = bytes + EVENT_HEADER_BYTES;
	uint32_t sum = 0;

	ret_event->offset[0] = 0;
	for (uint32_t i = 0; i < nparams; i++) {
		sum += bytes_u16(lengths + 2 * (size_t)i);
		ret_event->offset[i + 1] = sum;
	}
	if (EVENT_HEADER_BYTES + 2 * nparams + sum != len)
		return false;
	ret_event->ts = bytes_u64(bytes + EVENT_HEADER_TS);
	ret_event->tid = (int64_t)bytes_u64(bytes + EVENT_HEADER_TID);
	ret_event->info = &event_table[type];
	ret_event->bytes = bytes;
	ret_event->values = lengths + 2 * (size_t)nparams;
	ret_event->len = len;
	ret_event->nparams = nparams;
	ret_event->type = type;
	event_clear_marks(ret_event);
	return true;
}

#endif
