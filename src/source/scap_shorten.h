/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_SOURCE_SCAP_SHORTEN_H
#define MONITOR_SOURCE_SCAP_SHORTEN_H

#include "event/event.h"
#include "source/scap_write.h"

/*
 * What a capture leaves out of events because somebody asked for that: bytes that were read and written, and
 * parameters.
 */
struct scap_shorten {
	uint32_t snaplen;
	enum scap_buffers buffers;
	struct strbuf cut; /* an event that was shortened */
	uint64_t count; /* of buffers */
};

/*
 * The event with a shorter buffer, and without the parameters that older readers do not know: *at and *len
 * become it. 0 or -ENOMEM.
 */
int scap_shorten_buffer(struct scap_shorten *s, const struct event *ev, const uint8_t **at, uint32_t *len,
			struct error *err);
int scap_shorten_layout(struct scap_shorten *s, const struct event *ev, const uint8_t **at, uint32_t *len,
			struct error *err);

#endif
