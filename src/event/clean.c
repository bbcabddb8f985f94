/* SPDX-License-Identifier: Apache-2.0 */
#include "event/clean.h"

#include <errno.h>

#include "base/json.h"
#include "event/event_wire.h"

#define EACH_BYTE(b) (0x0101010101010101ull * (b))

/* Bytes of s that can be passed over at once: blocks of eight without control characters and high bits. */
static size_t plain_prefix(struct str s)
{
	size_t at = 0;

	for (; at + 8 <= s.len; at += 8) {
		uint64_t word, del;

		memcpy(&word, s.ptr + at, 8);
		del = word ^ EACH_BYTE(0x7f);
		if ((word | (word - EACH_BYTE(0x20)) | (del - EACH_BYTE(1))) & EACH_BYTE(0x80))
			break;
	}
	return at;
}

/* Length of what can stay at the start: 0 for a character that cannot. */
static size_t good_length(struct str s)
{
	unsigned char c = (unsigned char)s.ptr[0];

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	return utf8_length(s);
}

static bool is_clean(struct str s)
{
	for (size_t at = plain_prefix(s), n; at < s.len; at += n) {
		n = good_length((struct str){ s.ptr + at, s.len - at });
		if (n == 0)
			return false;
	}
	return true;
}

static void add_clean(struct strbuf *out, struct str s)
{
	for (size_t at = 0, n; at < s.len; at += n) {
		n = good_length((struct str){ s.ptr + at, s.len - at });
		if (n > 0)
			strbuf_add(out, s.ptr + at, n);
		else
			strbuf_adds(out, "\xef\xbf\xbd");
		n = n ? n : 1;
	}
}

bool clean_list(struct str list, struct strbuf *out)
{
	struct str rest = list;
	bool clean = true;

	while (clean && rest.len) {
		const char *end = memchr(rest.ptr, 0, rest.len);
		size_t n = end ? (size_t)(end - rest.ptr) : rest.len;

		clean = is_clean((struct str){ rest.ptr, n });
		rest.ptr += n + (end != NULL);
		rest.len -= n + (end != NULL);
	}
	if (clean)
		return false;
	strbuf_reset(out);
	while (list.len) {
		const char *end = memchr(list.ptr, 0, list.len);
		size_t n = end ? (size_t)(end - list.ptr) : list.len;

		add_clean(out, (struct str){ list.ptr, n });
		if (end)
			strbuf_addc(out, 0);
		list.ptr += n + (end != NULL);
		list.len -= n + (end != NULL);
	}
	return true;
}

static bool is_text(enum param_type type)
{
	return type == PT_CHARBUF || type == PT_FSPATH || type == PT_FSRELPATH;
}

static uint64_t dirty_params(const struct event *ev)
{
	uint64_t dirty = 0;

	for (uint32_t i = 0; i < ev->nparams; i++) {
		if (is_text(ev->info->params[i].type) && !is_clean(event_param_text(ev, i)))
			dirty |= 1ull << i;
	}
	return dirty;
}

static void put_length(struct strbuf *out, size_t at, size_t width, size_t len)
{
	uint32_t n = (uint32_t)len;

	memcpy(out->ptr + at, &n, width); /* little-endian: the low bytes come first */
}

static int build(const struct event *ev, uint64_t dirty, struct strbuf *out)
{
	size_t width = ev->info->flags & EF_LARGE_PAYLOAD ? 4 : 2, lengths = EVENT_HEADER_BYTES, limit = width == 4 ? EVENT_MAX_BYTES : UINT16_MAX;

	strbuf_reset(out);
	strbuf_add(out, ev->bytes, EVENT_HEADER_BYTES + ev->nparams * width);
	for (uint32_t i = 0; i < ev->nparams && !out->failed; i++) {
		size_t start = out->len;

		if (dirty >> i & 1) {
			add_clean(out, event_param_text(ev, i));
			strbuf_addc(out, 0);
			if (!out->failed && out->len - start > limit) { /* three bytes for one can be too many */
				out->len = start + limit;
				out->ptr[out->len - 1] = 0;
			}
		} else {
			strbuf_addstr(out, event_param(ev, i));
		}
		if (!out->failed)
			put_length(out, lengths + i * width, width, out->len - start);
	}
	if (out->failed)
		return -ENOMEM;
	put_length(out, EVENT_HEADER_LEN, 4, out->len);
	return 0;
}

int event_clean(struct event *ev, struct strbuf *storage, struct error *err)
{
	struct event fresh = { 0 };
	uint64_t dirty;
	int r;

	if (!(ev->info->category & (EC_SYSCALL | EC_TRACEPOINT)))
		return 0;
	dirty = dirty_params(ev);
	if (!dirty)
		return 0;
	r = build(ev, dirty, storage);
	if (r < 0)
		return error_set(err, r, "out of memory");
	r = event_read(&fresh, storage->ptr, storage->len, err);
	if (r < 0)
		return r;
	ev->bytes = fresh.bytes;
	ev->len = fresh.len;
	ev->values = fresh.values;
	memcpy(ev->offset, fresh.offset, sizeof(ev->offset));
	return 0;
}
