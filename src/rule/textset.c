/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/textset.h"

#include <errno.h>

#include "base/bytes.h"

/*
 * Not seeded: the members come from rules, whose author gains nothing by slowing them down, and a value under test only
 * ever walks a chain of members.
 */
static uint32_t hash(struct str s)
{
	const char *p = s.ptr, *end = s.ptr + s.len;
	uint64_t h = s.len * 0x9e3779b97f4a7c15u;

	if (s.len >= 8) {
		for (; end - p > 8; p += 8)
			h = (h ^ bytes_u64(p)) * 0xff51afd7ed558ccdu;
		h = (h ^ bytes_u64(end - 8)) * 0xff51afd7ed558ccdu;
	} else if (s.len >= 4) {
		h = (h ^ bytes_u32(p) ^ (uint64_t)bytes_u32(end - 4) << 32) * 0xff51afd7ed558ccdu;
	} else if (s.len) {
		h = (h ^ (unsigned char)p[0] ^ (uint64_t)(unsigned char)p[s.len / 2] << 8 ^
		     (uint64_t)(unsigned char)end[-1] << 16) *
		    0xff51afd7ed558ccdu;
	}
	return (uint32_t)(h >> 32);
}

static uint64_t length_bit(size_t len)
{
	return (uint64_t)1 << (len < 63 ? len : 63);
}

bool textset_has(const struct textset *s, struct str text)
{
	if (!(s->lengths & length_bit(text.len)))
		return false;
	for (uint32_t i = hash(text) & s->mask; s->buckets[i]; i = (i + 1) & s->mask) {
		if (str_eq(s->members[s->buckets[i] - 1], text))
			return true;
	}
	return false;
}

int textset_build(struct arena *arena, const struct str *members, uint32_t n, struct textset *ret_set)
{
	struct textset s = { .members = members };
	uint32_t size = 4;

	while (size < n * 2)
		size *= 2;
	s.mask = size - 1;
	s.buckets = arena_array_of(arena, uint32_t, size);
	if (!s.buckets)
		return -ENOMEM;
	for (uint32_t k = 0; k < n; k++) {
		uint32_t i = hash(members[k]) & s.mask;

		if (textset_has(&s, members[k]))
			continue;
		while (s.buckets[i])
			i = (i + 1) & s.mask;
		s.buckets[i] = k + 1;
		s.lengths |= length_bit(members[k].len);
	}
	*ret_set = s;
	return 0;
}
