/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_BYTES_H
#define MONITOR_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

/*
 * The bounded reader: every byte from outside goes through one. A read past the end sets .failed, returns 0 or an
 * empty view and leaves the position; callers check .failed once at the end of a structure. Integers are
 * little-endian and unaligned.
 */
struct reader {
	const uint8_t *ptr;
	size_t len; /* bytes left */
	bool failed;
};

static inline struct reader reader_of(const void *bytes, size_t len)
{
	return (struct reader){ bytes, len, false };
}

static inline const uint8_t *reader_take(struct reader *r, size_t n)
{
	const uint8_t *at = r->ptr;

	if (n > r->len) {
		r->failed = true;
		return NULL;
	}
	r->ptr += n;
	r->len -= n;
	return at;
}

static inline struct str reader_str(struct reader *r, size_t n)
{
	const uint8_t *at = reader_take(r, n);

	return at ? (struct str){ (const char *)at, n } : (struct str){ "", 0 };
}

#define BYTES_DEFINE(bits)                                                                                            \
	static inline uint##bits##_t reader_u##bits(struct reader *r)                                                 \
	{                                                                                                             \
		const uint8_t *at = reader_take(r, bits / 8);                                                         \
		uint##bits##_t v = 0;                                                                                 \
                                                                                                                      \
		if (at)                                                                                               \
			memcpy(&v, at, sizeof(v));                                                                    \
		return v;                                                                                             \
	}                                                                                                             \
	/* the caller has checked that the bytes are there */                                                        \
	static inline uint##bits##_t bytes_u##bits(const void *at)                                                    \
	{                                                                                                             \
		uint##bits##_t v;                                                                                     \
                                                                                                                      \
		memcpy(&v, at, sizeof(v));                                                                            \
		return v;                                                                                             \
	}
BYTES_DEFINE(8)
BYTES_DEFINE(16)
BYTES_DEFINE(32)
BYTES_DEFINE(64)
#undef BYTES_DEFINE

/* The bounded writer into caller's memory: a write past the end sets .failed and changes nothing. */
struct writer {
	uint8_t *ptr; /* start */
	size_t len; /* written */
	size_t cap;
	bool failed;
};

static inline struct writer writer_of(void *bytes, size_t cap)
{
	return (struct writer){ bytes, 0, cap, false };
}

static inline void writer_put(struct writer *w, const void *bytes, size_t n)
{
	if (w->failed || n > w->cap - w->len) {
		w->failed = true;
		return;
	}
	if (n)
		memcpy(w->ptr + w->len, bytes, n);
	w->len += n;
}

static inline void writer_u8(struct writer *w, uint8_t v)
{
	writer_put(w, &v, sizeof(v));
}

static inline void writer_u16(struct writer *w, uint16_t v)
{
	writer_put(w, &v, sizeof(v));
}

static inline void writer_u32(struct writer *w, uint32_t v)
{
	writer_put(w, &v, sizeof(v));
}

static inline void writer_u64(struct writer *w, uint64_t v)
{
	writer_put(w, &v, sizeof(v));
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "captures and the wire format are little-endian");

#endif
