/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

bool str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

bool str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len &&
	       (suffix.len == 0 || memcmp(s.ptr + s.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

static bool is_one_of(char c, struct str characters)
{
	return memchr(characters.ptr, c, characters.len);
}

struct str str_trim(struct str s, struct str characters)
{
	while (s.len && is_one_of(s.ptr[0], characters))
		s = (struct str){ s.ptr + 1, s.len - 1 };
	while (s.len && is_one_of(s.ptr[s.len - 1], characters))
		s.len--;
	return s;
}

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool fold_eq(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (fold(a[i]) != fold(b[i]))
			return false;
	return true;
}

static inline bool bytes_eq(const char *a, const char *b, size_t len, bool folded)
{
	return folded ? fold_eq(a, b, len) : memcmp(a, b, len) == 0;
}

/*
 * Not memmem(): on the short texts that conditions look through, its set-up costs more than the search.
 * Candidates are places where both the first and the last byte fit, found 16 at a time. When case is folded,
 * the bit that tells it is left out: some other bytes fit, too, and are turned away then.
 */
static inline bool contains(struct str s, struct str part, bool folded)
{
	size_t i = 0, places = s.len - part.len + 1;

	if (part.len == 0)
		return true;
	if (part.len > s.len)
		return false;
#ifdef __SSE2__
	if (places >= 16) {
		const size_t last = part.len - 1;
		const __m128i bit = _mm_set1_epi8(folded ? 0x20 : 0);
		const __m128i first_byte = _mm_or_si128(_mm_set1_epi8(part.ptr[0]), bit);
		const __m128i last_byte = _mm_or_si128(_mm_set1_epi8(part.ptr[last]), bit);

		for (;;) {
			__m128i at_first = _mm_loadu_si128((const __m128i *)(const void *)(s.ptr + i));
			__m128i at_last = _mm_loadu_si128((const __m128i *)(const void *)(s.ptr + i + last));
			unsigned int hits = (unsigned int)_mm_movemask_epi8(
				_mm_and_si128(_mm_cmpeq_epi8(_mm_or_si128(at_first, bit), first_byte),
					      _mm_cmpeq_epi8(_mm_or_si128(at_last, bit), last_byte)));

			for (; hits; hits &= hits - 1) {
				if (bytes_eq(s.ptr + i + __builtin_ctz(hits), part.ptr, part.len, folded))
					return true;
			}
			if (i == places - 16)
				return false;
			i = i + 16 < places - 16 ? i + 16 : places - 16; /* the last block overlaps the one before */
		}
	}
#endif
	for (; i < places; i++) {
		if (bytes_eq(s.ptr + i, part.ptr, 1, folded) && bytes_eq(s.ptr + i, part.ptr, part.len, folded))
			return true;
	}
	return false;
}

bool str_contains(struct str s, struct str part)
{
	return contains(s, part, false);
}

bool str_icontains(struct str s, struct str part)
{
	return contains(s, part, true);
}

bool str_ieq(struct str a, struct str b)
{
	return a.len == b.len && fold_eq(a.ptr, b.ptr, a.len);
}

int str_cmp(struct str a, struct str b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.ptr, b.ptr, common) : 0;

	if (order)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

static uint64_t hash_seed(void)
{
	static uint64_t seed; /* written once with one value; a race only repeats getrandom before the first use */
	uint64_t fresh;

	if (!seed) {
		if (getrandom(&fresh, sizeof(fresh), GRND_NONBLOCK) != sizeof(fresh))
			fresh = (uint64_t)(uintptr_t)&seed * 0x9e3779b97f4a7c15u;
		seed = fresh | 1;
	}
	return seed;
}

/* Multiply-fold of 8-byte words (the wyhash construction): a few instructions a word, no table. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	__uint128_t wide = (__uint128_t)a * b;

	return (uint64_t)wide ^ (uint64_t)(wide >> 64);
}

uint64_t str_hash(struct str s)
{
	uint64_t h = hash_seed() ^ s.len, word;
	size_t at = 0;

	for (; at + 8 <= s.len; at += 8) {
		memcpy(&word, s.ptr + at, 8);
		h = mix(h ^ word, 0xa0761d6478bd642fu);
	}
	if (at < s.len) {
		word = 0;
		memcpy(&word, s.ptr + at, s.len - at);
		h = mix(h ^ word, 0xe7037ed1a0b428dbu);
	}
	return mix(h, 0x8ebc6af09c88c6e3u);
}

char *str_dup(struct str s)
{
	char *copy = malloc(s.len + 1);

	if (!copy)
		return NULL;
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = 0;
	return copy;
}

unsigned int str_distance(struct str a, struct str b)
{
	unsigned int row[65];

	if (a.len > 64 || b.len > 64)
		return 64;
	for (unsigned int j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= b.len; j++) {
			unsigned int change = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);
			unsigned int least = row[j] + 1 < row[j - 1] + 1 ? row[j] + 1 : row[j - 1] + 1;

			diagonal = row[j];
			row[j] = change < least ? change : least;
		}
	}
	return row[b.len];
}

static bool strbuf_room(struct strbuf *b, size_t more)
{
	size_t need, cap;
	char *grown;

	if (b->failed)
		return false;
	if (__builtin_add_overflow(b->len, more, &need) || __builtin_add_overflow(need, 1, &need))
		goto fail;
	if (need <= b->cap)
		return true;
	cap = b->cap ? b->cap * 2 : 128;
	if (cap < need)
		cap = need;
	grown = realloc(b->ptr, cap);
	if (!grown)
		goto fail;
	b->ptr = grown;
	b->cap = cap;
	return true;
fail:
	b->failed = true;
	return false;
}

void strbuf_add(struct strbuf *b, const void *bytes, size_t len)
{
	if (!strbuf_room(b, len))
		return;
	if (len)
		memcpy(b->ptr + b->len, bytes, len);
	b->len += len;
	b->ptr[b->len] = 0;
}

void strbuf_adds(struct strbuf *b, const char *c_string)
{
	strbuf_add(b, c_string, strlen(c_string));
}

void strbuf_addstr(struct strbuf *b, struct str s)
{
	strbuf_add(b, s.ptr, s.len);
}

void strbuf_addc(struct strbuf *b, char c)
{
	strbuf_add(b, &c, 1);
}

void strbuf_addf(struct strbuf *b, const char *format, ...)
{
	va_list args;
	int need;

	va_start(args, format);
	need = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (need < 0 || !strbuf_room(b, (size_t)need)) {
		b->failed = true;
		return;
	}
	va_start(args, format);
	vsnprintf(b->ptr + b->len, (size_t)need + 1, format, args);
	va_end(args);
	b->len += (size_t)need;
}

void strbuf_addu(struct strbuf *b, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	strbuf_add(b, digits + at, sizeof(digits) - at);
}

void strbuf_addi(struct strbuf *b, int64_t v)
{
	if (v < 0)
		strbuf_addc(b, '-');
	strbuf_addu(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void strbuf_reset(struct strbuf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->ptr)
		b->ptr[0] = 0;
}

void strbuf_free(struct strbuf *b)
{
	free(b->ptr);
	*b = (struct strbuf){ 0 };
}

struct str strbuf_str(const struct strbuf *b)
{
	return b->ptr ? (struct str){ b->ptr, b->len } : (struct str){ "", 0 };
}

struct rstr *rstr_new(struct str s)
{
	struct rstr *r;

	if (s.len > UINT32_MAX - 64)
		return NULL;
	r = malloc(sizeof(*r) + s.len + 1);
	if (!r)
		return NULL;
	r->refs = 1;
	r->len = (uint32_t)s.len;
	if (s.len)
		memcpy(r->bytes, s.ptr, s.len);
	r->bytes[s.len] = 0;
	return r;
}

struct rstr *rstr_ref(struct rstr *r)
{
	if (r)
		r->refs++;
	return r;
}

void rstr_unref(struct rstr *r)
{
	if (r && --r->refs == 0)
		free(r);
}

int rstr_assign(struct rstr **slot, struct str s)
{
	struct rstr *fresh;

	if (*slot && str_eq(rstr_str(*slot), s))
		return 0;
	fresh = rstr_new(s);
	if (!fresh)
		return -ENOMEM;
	rstr_unref(*slot);
	*slot = fresh;
	return 0;
}
