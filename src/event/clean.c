/* SPDX-License-Identifier: Apache-2.0 */
#include "event/clean.h"

#include <errno.h>

#include "base/json.h"
#include "event/event_wire.h"

/* Sixteen bytes that the compiler compares at once; signed, so that bytes beyond ASCII are below the blank too. */
typedef int8_t lanes __attribute__((vector_size(16)));

static inline lanes plain_lanes(const char *at)
{
	lanes v;

	memcpy(&v, at, sizeof(v));
	return (v >= ' ') & (v != 0x7f);
}

/* Whether all is printable ASCII, as nearly every text is. */
static bool is_plain(struct str s)
{
	uint64_t halves[2];
	lanes plain;

	if (s.len < sizeof(plain)) {
		for (size_t i = 0; i < s.len; i++) {
			if ((signed char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f)
				return false;
		}
		return true;
	}
	plain = plain_lanes(s.ptr + s.len - sizeof(plain)); /* overlaps the last full step */
	for (size_t at = 0; at + sizeof(plain) < s.len; at += sizeof(plain))
		plain &= plain_lanes(s.ptr + at);
	memcpy(halves, &plain, sizeof(halves));
	return (halves[0] & halves[1]) == UINT64_MAX;
}

/* C1 controls and what Unicode will never assign; s starts with a character of more than one byte. */
static bool is_unprintable(struct str s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s.ptr;

	if (n == 2)
		return p[0] == 0xc2 && p[1] < 0xa0; /* U+0080 to U+009F */
	if (n == 3 && p[0] == 0xef && p[1] == 0xb7 && p[2] >= 0x90 && p[2] <= 0xaf) /* U+FDD0 to U+FDEF */
		return true;
	/* the last two of a plane */
	return p[n - 1] >= 0xbe && p[n - 2] == 0xbf && (n == 3 ? p[0] == 0xef : (p[1] & 0xf) == 0xf);
}

/*
 * Length of what can stay at the start: 0 for a character that cannot. ret_bad: then the length of what goes
 * for one.
 */
static size_t good_length(struct str s, size_t *ret_bad)
{
	unsigned char c = (unsigned char)s.ptr[0];
	size_t n;

	*ret_bad = 1;
	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	n = utf8_length(s);
	if (n > 0 && !is_unprintable(s, n))
		return n;
	*ret_bad = n > 0 ? n : utf8_broken_length(s);
	return 0;
}

static bool has_only_good(struct str s)
{
	for (size_t at = 0, n, bad; at < s.len; at += n) {
		n = good_length((struct str){ s.ptr + at, s.len - at }, &bad);
		if (n == 0)
			return false;
	}
	return true;
}

static inline bool is_clean(struct str s)
{
	return is_plain(s) || has_only_good(s);
}

static void add_clean(struct strbuf *out, struct str s)
{
	for (size_t at = 0, n, bad; at < s.len; at += n ? n : bad) {
		n = good_length((struct str){ s.ptr + at, s.len - at }, &bad);
		if (n > 0)
			strbuf_add(out, s.ptr + at, n);
		else
			strbuf_adds(out, "\xef\xbf\xbd");
	}
}

void clean_add(struct strbuf *out, struct str text)
{
	if (is_clean(text))
		strbuf_addstr(out, text);
	else
		add_clean(out, text);
}

bool clean_text(struct str text, struct strbuf *out)
{
	if (is_clean(text))
		return false;
	strbuf_reset(out);
	add_clean(out, text);
	return true;
}

int clean_replace(struct str *text, struct strbuf *storage)
{
	if (!clean_text(*text, storage))
		return 0;
	if (storage->failed)
		return -ENOMEM;
	*text = strbuf_str(storage);
	return 0;
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

#define TEXT_TYPES (1ull << PT_CHARBUF | 1ull << PT_FSPATH | 1ull << PT_FSRELPATH)
_Static_assert(PT_COUNT <= 64, "types must fit a mask");

static uint64_t dirty_params(const struct event *ev, uint64_t texts)
{
	uint64_t dirty = 0;

	for (; texts; texts &= texts - 1) {
		unsigned int i = (unsigned int)__builtin_ctzll(texts);

		if (!is_clean(event_param_text(ev, i)))
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
	size_t width = ev->info->flags & EF_LARGE_PAYLOAD ? 4 : 2, lengths = EVENT_HEADER_BYTES,
	       limit = width == 4 ? EVENT_MAX_BYTES : UINT16_MAX;

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

/* Cold, and kept out of the function that runs for each event. */
static __attribute__((noinline)) int replace_params(struct event *ev, uint64_t dirty, struct strbuf *storage,
						    struct error *err)
{
	struct event fresh = { 0 };
	int r;

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

uint64_t event_texts(uint16_t type)
{
	const struct event_info *info = &event_table[type];
	uint64_t texts = 0;

	if (type == EV_CONTAINER_JSON_E || type == EV_CONTAINER_JSON_2_E)
		return 0;
	for (uint32_t i = 0; i < info->nparams; i++)
		texts |= (TEXT_TYPES >> info->params[i].type & 1) << i;
	return texts;
}

int event_clean(struct event *ev, uint64_t texts, struct strbuf *storage, struct error *err)
{
	uint64_t dirty = dirty_params(ev, texts);

	return dirty ? replace_params(ev, dirty, storage, err) : 0;
}
