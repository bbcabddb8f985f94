/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Characters that YAML's standard forbids, or takes for the ends of lines, and yaml-cpp for characters like
 * any other: controls, U+2028 and the like, as they come with pasted text. The parser gets each as one of the
 * last private plane, so that its counts of characters stay those of the text; what it gives back is undone.
 * A text that has characters of that plane itself is left as it is.
 */
#include "base/json.h"
#include "base/yaml_internal.h"

#define PLANE_LEAD '\xf4' /* of U+100000 and up, which are four bytes */
#define PLANE_LEN  4

/* A character of at most three bytes. */
static uint32_t decode(const char *s, size_t len)
{
	uint32_t c = (unsigned char)s[0];

	if (len == 2)
		return (c & 0x1f) << 6 | (s[1] & 0x3f);
	return len == 3 ? (c & 0x0f) << 12 | (uint32_t)(s[1] & 0x3f) << 6 | (s[2] & 0x3f) : c;
}

static bool is_odd(uint32_t c)
{
	if (c < 0x20)
		return c && c != '\t' && c != '\n' && c != '\r';
	return (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029 || c == 0xfffe || c == 0xffff;
}

static size_t length_at(struct str text, size_t at)
{
	return utf8_length((struct str){ text.ptr + at, text.len - at });
}

/* What is no UTF-8 is for the parser to refuse. */
size_t yaml_odd_count(struct str text)
{
	size_t n = 0, len;

	for (size_t i = 0; i < text.len; i += len) {
		len = length_at(text, i);
		if (!len || text.ptr[i] == PLANE_LEAD)
			return 0;
		n += len < PLANE_LEN && is_odd(decode(text.ptr + i, len));
	}
	return n;
}

struct str yaml_odd_hide(struct arena *arena, struct str text, size_t count)
{
	char *hidden = arena_bytes(arena, text.len + count * PLANE_LEN), *to = hidden;
	size_t len;

	for (size_t i = 0; hidden && i < text.len; i += len) {
		uint32_t c;

		len = length_at(text, i);
		c = len < PLANE_LEN ? decode(text.ptr + i, len) : 0;
		if (!is_odd(c)) {
			memcpy(to, text.ptr + i, len);
			to += len;
			continue;
		}
		*to++ = PLANE_LEAD;
		*to++ = (char)(0x80 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return (struct str){ hidden, hidden ? (size_t)(to - hidden) : 0 };
}

size_t yaml_odd_show(char *text, size_t len)
{
	char *to = text;

	for (size_t i = 0; i < len;) {
		uint32_t c;

		if (text[i] != PLANE_LEAD) { /* the parser gives whole characters */
			*to++ = text[i++];
			continue;
		}
		c = (uint32_t)(text[i + 1] & 0x0f) << 12 | (uint32_t)(text[i + 2] & 0x3f) << 6 | (text[i + 3] & 0x3f);
		i += PLANE_LEN;
		if (c < 0x80) {
			*to++ = (char)c;
		} else if (c < 0x800) {
			*to++ = (char)(0xc0 | c >> 6);
			*to++ = (char)(0x80 | (c & 0x3f));
		} else {
			*to++ = (char)(0xe0 | c >> 12);
			*to++ = (char)(0x80 | (c >> 6 & 0x3f));
			*to++ = (char)(0x80 | (c & 0x3f));
		}
	}
	return (size_t)(to - text);
}
