/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/bytes.h"
#include "event/event.h"
#include "event/event_wire.h"

/*
 * The event is built in place: room for the header and for all lengths of the type comes first, the values are
 * appended, and event_end() fills the room.
 */

static uint32_t length_width(const struct event_info *info)
{
	return info->flags & EF_LARGE_PAYLOAD ? 4 : 2;
}

static size_t value_limit(const struct event_info *info)
{
	return info->flags & EF_LARGE_PAYLOAD ? EVENT_MAX_BYTES : UINT16_MAX;
}

void event_begin(struct event_builder *b, uint16_t type, uint64_t ts, int64_t tid)
{
	static const uint8_t room[EVENT_HEADER_BYTES + 4 * EVENT_MAX_PARAMS];
	const struct event_info *info = event_info(type);
	uint8_t header[EVENT_HEADER_BYTES] = { 0 };

	b->nparams = 0;
	b->type = type;
	b->unknown_params = 0;
	b->wrong = !info;
	strbuf_reset(&b->out);
	b->out.failed = false;
	if (!info)
		return;
	memcpy(header + EVENT_HEADER_TS, &ts, sizeof(ts));
	memcpy(header + EVENT_HEADER_TID, &tid, sizeof(tid));
	memcpy(header + EVENT_HEADER_TYPE, &type, sizeof(type));
	memcpy(header + EVENT_HEADER_NPARAMS, &info->nparams, sizeof(info->nparams));
	strbuf_add(&b->out, header, sizeof(header));
	strbuf_add(&b->out, room, (size_t)info->nparams * length_width(info));
}

/* The row of the parameter that is put next; NULL when there is none left. */
static const struct param_info *next_param(struct event_builder *b)
{
	if (b->wrong || b->nparams >= event_table[b->type].nparams) {
		b->wrong = true;
		return NULL;
	}
	return &event_table[b->type].params[b->nparams];
}

static void put(struct event_builder *b, struct str v)
{
	strbuf_add(&b->out, v.ptr, v.len);
	b->lengths[b->nparams++] = (uint32_t)v.len;
}

void event_put_int(struct event_builder *b, int64_t v)
{
	const struct param_info *p = next_param(b);
	int size = p ? param_type_integer_size(p->type) : 0;

	if (!size) {
		b->wrong = true;
		return;
	}
	/* little-endian: the low bytes come first, so a narrow parameter is the start of the wide value */
	put(b, (struct str){ (const char *)&v, (size_t)(size < 0 ? -size : size) });
}

void event_put_bytes(struct event_builder *b, struct str v)
{
	if (!next_param(b))
		return;
	if (v.len > value_limit(&event_table[b->type])) {
		v.len = value_limit(&event_table[b->type]);
		b->cut++;
	}
	put(b, v);
}

void event_put_text(struct event_builder *b, struct str v)
{
	size_t limit;

	if (!next_param(b))
		return;
	limit = event_table[b->type].flags & EF_LARGE_PAYLOAD ? EVENT_MAX_BYTES : EVENT_STRING_BYTES;
	if (v.len >= limit) {
		v.len = limit - 1;
		b->cut++;
	}
	strbuf_addstr(&b->out, v);
	strbuf_addc(&b->out, '\0');
	b->lengths[b->nparams++] = (uint32_t)v.len + 1;
}

void event_put_absent(struct event_builder *b)
{
	if (next_param(b))
		b->lengths[b->nparams++] = 0;
}

void event_put_unknown(struct event_builder *b)
{
	if (!next_param(b))
		return;
	b->unknown_params |= UINT64_C(1) << b->nparams;
	b->lengths[b->nparams++] = 0;
}

int event_end(struct event_builder *b, struct event *ret_event, struct error *err)
{
	const struct event_info *info = event_info(b->type);
	uint8_t *bytes = (uint8_t *)b->out.ptr;
	uint32_t len = (uint32_t)b->out.len;

	if (b->wrong)
		return error_set(err, -EINVAL, "event %s (type %u): parameter %u does not fit the table",
				 info ? info->name : "?", b->type, b->nparams);
	if (b->out.failed)
		return error_set(err, -ENOMEM, "out of memory");
	while (b->nparams < info->nparams)
		b->lengths[b->nparams++] = 0;
	memcpy(bytes + EVENT_HEADER_LEN, &len, sizeof(len));
	for (uint32_t i = 0; i < info->nparams; i++)
		memcpy(bytes + EVENT_HEADER_BYTES + (size_t)i * length_width(info), &b->lengths[i], length_width(info));
	return event_read(ret_event, bytes, len, err);
}

void event_builder_free(struct event_builder *b)
{
	strbuf_free(&b->out);
}
