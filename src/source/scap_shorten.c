/* SPDX-License-Identifier: Apache-2.0 */
#include "source/scap_shorten.h"

#include <errno.h>

#include "event/event_wire.h"

/* Falco's I/O calls have their bytes in a parameter of this name. */
static int data_param(const struct event *ev)
{
	if (!(ev->info->flags & (EF_READS_FROM_FD | EF_WRITES_TO_FD)))
		return -1;
	for (uint32_t i = 0; i < ev->nparams; i++)
		if (ev->info->params[i].type == PT_BYTEBUF && strcmp(ev->info->params[i].name, "data") == 0)
			return (int)i;
	return -1;
}

/* So much of the bytes that an event read or wrote is kept. */
static uint32_t kept_bytes(const struct scap_shorten *s, const struct event *ev)
{
	bool reads = ev->info->flags & EF_READS_FROM_FD;

	switch (s->buffers) {
	case SCAP_BUFFERS_NONE:
		return 0;
	case SCAP_BUFFERS_READ:
		return reads ? s->snaplen : 0;
	case SCAP_BUFFERS_WRITE:
		return reads ? 0 : s->snaplen;
	default:
		return s->snaplen;
	}
}

int scap_shorten_buffer(struct scap_shorten *s, const struct event *ev, const uint8_t **at, uint32_t *len,
			struct error *err)
{
	size_t width = ev->info->flags & EF_LARGE_PAYLOAD ? 4 : 2, lengths = EVENT_HEADER_BYTES;
	uint32_t kept = kept_bytes(s, ev), drop, total, before;
	int i = data_param(ev);

	if (i < 0 || event_param(ev, (unsigned int)i).len <= kept)
		return 0;
	drop = (uint32_t)event_param(ev, (unsigned int)i).len - kept;
	total = ev->len - drop;
	before = (uint32_t)(ev->values - ev->bytes) + ev->offset[i] + kept;
	strbuf_reset(&s->cut);
	strbuf_add(&s->cut, ev->bytes, before);
	strbuf_add(&s->cut, ev->bytes + before + drop, ev->len - before - drop);
	if (s->cut.failed)
		return error_set(err, -ENOMEM, "out of memory");
	memcpy(s->cut.ptr + EVENT_HEADER_LEN, &total, sizeof(total));
	memcpy(s->cut.ptr + lengths + width * (size_t)i, &kept, width);
	s->count++;
	*at = (const uint8_t *)s->cut.ptr;
	*len = total;
	return 0;
}

/* How many parameters of the event are written. */
static uint32_t kept_params(const struct event *ev)
{
	static const uint8_t older[EV_COUNT] = {
#define OLDER(event, parameters) [EV_##event] = (parameters),
#include "source/older_layouts.def"
#undef OLDER
	};

	return older[ev->type] && older[ev->type] < ev->nparams ? older[ev->type] : ev->nparams;
}

int scap_shorten_layout(struct scap_shorten *s, const struct event *ev, const uint8_t **at, uint32_t *len,
			struct error *err)
{
	uint32_t kept = kept_params(ev), values, total;

	if (kept == ev->nparams)
		return 0;
	values = ev->offset[kept];
	total = EVENT_HEADER_BYTES + 2 * kept + values; /* lengths are of 16 bits in all of these */
	strbuf_reset(&s->cut);
	strbuf_add(&s->cut, ev->bytes, EVENT_HEADER_BYTES + 2 * (size_t)kept);
	strbuf_add(&s->cut, ev->values, values);
	if (s->cut.failed)
		return error_set(err, -ENOMEM, "out of memory");
	memcpy(s->cut.ptr + EVENT_HEADER_LEN, &total, sizeof(total));
	memcpy(s->cut.ptr + EVENT_HEADER_NPARAMS, &kept, sizeof(kept));
	*at = (const uint8_t *)s->cut.ptr;
	*len = total;
	return 0;
}
