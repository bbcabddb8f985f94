/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_EVENT_EVENT_QUICK_H
#define MONITOR_EVENT_EVENT_QUICK_H

#include "base/bytes.h"
#include "event/event.h"
#include "event/event_wire.h"

/*
 * event_read() for the reading loop of a source: inline, for the usual case, without messages. The header is inside the
 * len bytes, and len is the header's own length. False for anything unusual or wrong: then event_read() decides.
 */
static inline bool event_read_quick(struct event *ret_event, const uint8_t *bytes, uint32_t len)
{
	uint16_t type = bytes_u16(bytes + EVENT_HEADER_TYPE);
	uint32_t nparams = bytes_u32(bytes + EVENT_HEADER_NPARAMS), sum = 0;
	const uint8_t *at = bytes + EVENT_HEADER_BYTES, *values;
	const struct event_info *info = &event_table[type < EV_COUNT ? type : 0];
	uint32_t *offset = ret_event->offset;

	if (type >= EV_COUNT || nparams > info->nparams || info->flags & EF_LARGE_PAYLOAD ||
	    len < EVENT_HEADER_BYTES + 2 * nparams || len > EVENT_SMALL_BYTES)
		return false;
	values = at + 2 * (size_t)nparams;
	*offset = 0;
	for (; at != values; at += 2) {
		sum += bytes_u16(at);
		*++offset = sum;
	}
	if (EVENT_HEADER_BYTES + 2 * nparams + sum != len)
		return false;
	ret_event->number = 0;
	ret_event->ts = bytes_u64(bytes + EVENT_HEADER_TS);
	ret_event->tid = (int64_t)bytes_u64(bytes + EVENT_HEADER_TID);
	ret_event->type = type;
	ret_event->cpu = 0;
	ret_event->flags = 0;
	ret_event->nparams = nparams;
	ret_event->info = info;
	ret_event->bytes = bytes;
	ret_event->len = len;
	ret_event->values = values;
	ret_event->provisional = false;
	ret_event->unknown_params = 0;
	ret_event->unknown_facts = 0;
	ret_event->call = 0;
	ret_event->ext = NULL;
	return true;
}

#endif
